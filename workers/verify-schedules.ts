// Verification by itself, again and again: one Temporal Schedule for each pipeline, one for the reports, and one for v2 where a DBA
// allows it. Made, or brought to the settings, whenever a worker starts; a schedule that an operator has paused stays paused.
import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client, ScheduleOptions, ScheduleSpec } from '@temporalio/client';
import type { Config } from '../model/config.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import type { VerificationRequest } from '../verification/contract.ts';
import { parseHours } from '../verification/hours.ts';
import { verificationWorkflow, verificationWorkflowId } from '../workflows/messages.ts';

interface Planned {
  readonly scheduleId: string;
  readonly request: VerificationRequest;
  /** Null: not by itself. */
  readonly spec: ScheduleSpec | null;
}

type Settings = Pick<
  Config,
  'MKONDO_VERIFY_MINUTES' | 'MKONDO_VERIFY_REPORTS_HOURS' | 'MKONDO_VERIFY_V2_URL' | 'MKONDO_VERIFY_V2_HOURS'
>;

export async function keepVerifying(
  client: Client,
  {
    config,
    pipelines,
  }: {
    readonly config: Settings & Pick<Config, 'MKONDO_TASK_QUEUE'>;
    readonly pipelines: readonly Pick<Pipeline, 'name'>[];
  },
): Promise<void> {
  for (const planned of plannedSchedules(config, pipelines)) {
    if (planned.spec === null) await remove(client, planned.scheduleId);
    else await keep(client, { ...planned, spec: planned.spec, taskQueue: config.MKONDO_TASK_QUEUE });
  }
}

/** Of all pipelines, so that those begin one after the other within the interval. */
export function plannedSchedules(settings: Settings, pipelines: readonly Pick<Pipeline, 'name'>[]): readonly Planned[] {
  const minutes = settings.MKONDO_VERIFY_MINUTES;
  const ofPipelines = pipelines.map(({ name }, index): Planned => {
    const offsetSeconds = Math.floor((index * minutes * 60) / pipelines.length);
    return {
      scheduleId: `verify-${name}`,
      request: { against: 'landing', pipeline: name, isBounded: true },
      spec: minutes === 0 ? null : { intervals: [{ every: `${minutes} minutes`, offset: `${offsetSeconds} seconds` }] },
    };
  });
  const reportsHours = settings.MKONDO_VERIFY_REPORTS_HOURS;
  const hours = parseHours(settings.MKONDO_VERIFY_V2_HOURS ?? '');
  const isV2Allowed = hours !== undefined && settings.MKONDO_VERIFY_V2_URL !== undefined;
  return [
    ...ofPipelines,
    {
      scheduleId: 'verify-reports',
      request: { against: 'reports', pipeline: null },
      // At night in Tanzania, where its hours divide a day.
      spec: reportsHours === 0 ? null : { intervals: [{ every: `${reportsHours} hours`, offset: '30 minutes' }] },
    },
    {
      scheduleId: 'verify-v2',
      request: { against: 'v2', pipeline: null },
      spec: isV2Allowed ? { calendars: [{ hour: hours.from, comment: 'when v2 may be read, UTC' }] } : null,
    },
  ];
}

async function keep(
  client: Client,
  { scheduleId, request, spec, taskQueue }: Planned & { readonly spec: ScheduleSpec; readonly taskQueue: string },
): Promise<void> {
  const options: ScheduleOptions = {
    scheduleId,
    spec,
    // One that is late is let go: the next one is not far, and looks at the same.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
    action: {
      type: 'startWorkflow',
      workflowType: verificationWorkflow,
      workflowId: verificationWorkflowId(request),
      taskQueue,
      args: [request],
    },
  };
  try {
    await client.schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update(({ state }) => ({
      spec: options.spec,
      action: options.action as Extract<typeof options.action, { readonly type: 'startWorkflow' }> & {
        workflowId: string;
      },
      policies: options.policies ?? {},
      state,
    }));
  }
}

async function remove(client: Client, scheduleId: string): Promise<void> {
  try {
    await client.schedule.getHandle(scheduleId).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}
