// What waits in Temporal for a worker, as Temporal itself tells it.
import type { Connection } from '@temporalio/client';

export interface Backlog {
  readonly type: 'workflow' | 'activity';
  /** About; Temporal counts roughly. */
  readonly tasks: number;
  readonly ageSeconds: number;
}

/** In Temporal's protocol. */
const taskQueueTypes = { workflow: 1, activity: 2 } as const;

export async function readBacklog(
  { workflowService }: Pick<Connection, 'workflowService'>,
  queue: { readonly namespace: string; readonly taskQueue: string },
): Promise<readonly Backlog[]> {
  return Promise.all(
    (['workflow', 'activity'] as const).map(async (type) => {
      const { stats } = await workflowService.describeTaskQueue({
        namespace: queue.namespace,
        taskQueue: { name: queue.taskQueue },
        // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum is in a package that only Temporal's own import
        taskQueueType: taskQueueTypes[type],
        reportStats: true,
      });
      const age = stats?.approximateBacklogAge;
      return {
        type,
        tasks: Number(stats?.approximateBacklogCount ?? 0),
        ageSeconds: Number(age?.seconds ?? 0) + (age?.nanos ?? 0) / 1e9,
      };
    }),
  );
}
