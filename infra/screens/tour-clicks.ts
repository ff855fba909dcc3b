// What the tour does in the Temporal UI, step by step, each with the moment at which its picture is taken.
import type { OperationName } from '../../activities/contract.ts';
import { experimentWorkflowId, operationWorkflowId } from '../../workflows/messages.ts';
import * as ui from './temporal-ui.ts';

export interface ClickDeps {
  readonly temporal: ui.TemporalUi;
  /** Takes the picture of the page as it is now. */
  readonly take: () => Promise<void>;
  /** GET, over REST. */
  readonly get: (path: string) => Promise<unknown>;
}

export const clicks: Readonly<Record<string, (deps: ClickDeps) => Promise<void>>> = {
  async list({ temporal, take }) {
    await ui.openList(temporal, 'WorkflowType="pipeline" AND ExecutionStatus="Running"');
    await ui.showOurColumns(temporal);
    await take();
  },

  async quarantine({ temporal, take }) {
    await ui.openPipeline(temporal, 'orders');
    await ui.openDetails(temporal, /in quarantine: [1-9]/);
    await take();
  },

  async pause({ temporal, take }) {
    await ui.openPipeline(temporal, 'products');
    const choices = await ui.openUpdates(temporal);
    await ui.fillUpdate(choices, { name: 'pause', input: { reason: 'stock count in all regions', by: 'Asha' } });
    await take();
    await ui.submitUpdate(choices);
    await choices.waitFor({ state: 'hidden' });
  },

  async paused({ temporal, take }) {
    await ui.openPipeline(temporal, 'products');
    // What has changed meanwhile is known when the apply that was under way has ended.
    await ui.openDetails(temporal, /not in v3 yet: [1-9]/);
    await take();
  },

  async reset({ temporal, take, get }) {
    const { operations } = (await get('/pipelines/lots/operations?limit=10')) as {
      readonly operations: readonly { readonly name: OperationName; readonly id: string }[];
    };
    const reset = operations.find(({ name }) => name === 'reset');
    if (reset === undefined) throw new Error('lots was not reset');
    await ui.openWorkflow(temporal, operationWorkflowId({ pipeline: 'lots', ...reset }));
    await ui.openDetails(temporal, 'reset of');
    await take();
  },

  async experiment({ temporal, take, get }) {
    const { experiments } = (await get('/experiments?pipeline=products')) as {
      readonly experiments: readonly { readonly id: string }[];
    };
    const id = experiments[0]?.id;
    if (id === undefined) throw new Error('there is no experiment');
    await ui.openWorkflow(temporal, experimentWorkflowId({ pipeline: 'products', id }));
    await ui.openDetails(temporal, 'roots would change');
    await take();
  },
};
