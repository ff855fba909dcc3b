// Which workers run the workflows (Temporal's Worker Deployments): those of the current build, of which the id is a hash of
// the workflow code. A worker with a new build asks for nothing until it has replayed the histories of all workflows that
// run; then it makes its build the current one, and their next tasks come to it. When one does not replay, the build before
// serves on: a deploy cannot wedge a pipeline.
import type { ConnectionLike } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { MkondoError } from '../model/errors.ts';
import type { Logger } from '../model/log.ts';
import type { Unreplayable } from './replay-live.ts';

export interface Deployment {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly buildId: string;
}

export interface BuildDeps {
  readonly log: Pick<Logger, 'info' | 'error'>;
  readonly signal: AbortSignal;
  /** Replays the workflows that run with the code of this build. */
  readonly replay: () => Promise<readonly Unreplayable[]>;
  /** Whether this worker's code is what runs workflows, or may stand by: for its health. */
  readonly onStanding: (standing: Standing) => void;
  readonly onError: (error: unknown) => void;
}

/** `current`: it serves. `replaced`: another build came after it, and serves. `refused`: its code does not replay. */
export type Standing = 'current' | 'replaced' | 'refused';

/** What the server says of a deployment. */
export interface Routing {
  /** Null when there is none yet. */
  readonly current: string | null;
  /** Some worker of the current build has asked for work of late. */
  readonly isServed: boolean;
  /** Our build was the current one once, and another one took its place. */
  readonly wasReplaced: boolean;
  readonly conflictToken: Uint8Array;
}

const LOOK_MS = 10_000;
const SOON_MS = 250;
/** A worker asks for work at least once a minute. */
const SERVED_WITHIN_MS = 75_000;
const NOT_FOUND = 5;
/** Draining and drained: what another build took over from. */
const REPLACED: ReadonlySet<number> = new Set([4, 5]);

/** The deployment's name: one for each task queue. */
export function deploymentName(taskQueue: string): string {
  return taskQueue;
}

/**
 * A build that was replaced does not come back by itself while the one that replaced it is served: else two builds side by
 * side would take turns. When that one has gone, as when a deploy is taken back, it does.
 */
export function stepOf(
  buildId: string,
  { current, isServed, wasReplaced }: Routing,
): 'serve' | 'stand by' | 'take over' {
  if (current === buildId) return 'serve';
  return current !== null && wasReplaced && isServed ? 'stand by' : 'take over';
}

/** Makes the build current, and again whenever the server has forgotten it. Returns when the signal is aborted. */
export async function keepCurrent(deployment: Deployment, deps: BuildDeps): Promise<void> {
  let standing: Standing | null = null;
  let inVain = 0;
  while (!deps.signal.aborted) {
    const found = await look(deployment, deps).catch((error: unknown): Standing | null => {
      if (!deps.signal.aborted) deps.onError(error);
      return error instanceof MkondoError ? 'refused' : null;
    });
    inVain = found === null ? inVain + 1 : 0;
    if (found !== null && found !== standing) {
      standing = found;
      deps.onStanding(standing);
      deps.log.info({ build: deployment.buildId, standing }, 'the standing of this workflow code');
    }
    const pauseMs = found === null ? Math.min(SOON_MS * 2 ** inVain, LOOK_MS) : LOOK_MS;
    await sleep(pauseMs, undefined, { signal: deps.signal }).catch(() => undefined);
  }
}

/** @throws MkondoError BUILD_REFUSED; what gRPC throws, also when the server does not know this worker yet */
async function look(deployment: Deployment, { replay }: BuildDeps): Promise<Standing | null> {
  const routing = await readRouting(deployment);
  // It is known when the worker has asked for work for the first time.
  if (routing === null) return null;
  const step = stepOf(deployment.buildId, routing);
  if (step === 'serve') return 'current';
  if (step === 'stand by') return 'replaced';
  const refused = await replay();
  if (refused.length > 0) throw buildRefused(deployment, refused);
  await makeCurrent(deployment, routing.conflictToken);
  return 'current';
}

/** Null when the server does not know the build. */
async function readRouting(deployment: Deployment): Promise<Routing | null> {
  const { connection, namespace, taskQueue, buildId } = deployment;
  const name = deploymentName(taskQueue);
  const [found, version] = await orNotFound(() =>
    Promise.all([
      connection.workflowService.describeWorkerDeployment({ namespace, deploymentName: name }),
      connection.workflowService.describeWorkerDeploymentVersion({
        namespace,
        deploymentVersion: { deploymentName: name, buildId },
      }),
    ]),
  );
  if (found === undefined || version === undefined) return null;
  const current = found.workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId ?? null;
  return {
    current,
    isServed: current !== null && current !== buildId && (await isServed(deployment, current)),
    wasReplaced: REPLACED.has(version.workerDeploymentVersionInfo?.status ?? 0),
    conflictToken: found.conflictToken,
  };
}

async function isServed({ connection, namespace, taskQueue }: Deployment, buildId: string): Promise<boolean> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
  });
  return pollers.some(
    ({ deploymentOptions, lastAccessTime }) =>
      deploymentOptions?.buildId === buildId &&
      Number(lastAccessTime?.seconds ?? 0) * 1000 > Date.now() - SERVED_WITHIN_MS,
  );
}

/** Fails when another worker was faster: the next look sees what it did. */
async function makeCurrent(
  { connection, namespace, taskQueue, buildId }: Deployment,
  conflictToken: Uint8Array,
): Promise<void> {
  await connection.workflowService.setWorkerDeploymentCurrentVersion({
    namespace,
    deploymentName: deploymentName(taskQueue),
    buildId,
    conflictToken,
    identity: `mkondo ${process.pid}`,
  });
}

function buildRefused({ buildId }: Deployment, refused: readonly Unreplayable[]): MkondoError {
  const named = refused.map(({ workflowId, message }) => `  ${workflowId}: ${message}`);
  return new MkondoError(
    'BUILD_REFUSED',
    `The workflow code of this worker (${buildId}) does not replay ${refused.length} of the workflows that run:\n${named.join('\n')}`,
    {
      advice:
        'Workers of the build before serve on while they run. Deploy that build again, or put the change behind patched(). Or give those workflows up: stop the old workers, terminate the workflows, npm run rebuild-workflows; they go on from our schema.',
    },
  );
}

async function orNotFound<A, B>(ask: () => Promise<[A, B]>): Promise<[A, B] | [undefined, undefined]> {
  try {
    return await ask();
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === NOT_FOUND) return [undefined, undefined];
    throw error;
  }
}
