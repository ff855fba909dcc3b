// Drives the lanes: takes claims and wakes, sends each pipeline's signal when it is due, and keeps what was accepted.
import type { Offsets } from '../activities/contract.ts';
import * as coalesce from './coalesce.ts';
import type { Lane, Parcel } from './coalesce.ts';

export interface Dispatch {
  readonly claim: (pipeline: string, offsets: Offsets) => void;
  readonly wake: (pipeline: string) => void;
  /** What Temporal has accepted for a pipeline. */
  readonly accepted: (pipeline: string) => Offsets;
  /** Sends what waits, once, and takes nothing more. */
  readonly drain: () => Promise<void>;
}

export interface DispatchOptions {
  readonly pipelines: readonly string[];
  /** Resolves when Temporal has accepted the signals. */
  readonly deliver: (pipeline: string, parcel: Parcel) => Promise<void>;
  readonly onFailure: (pipeline: string, error: unknown) => void;
}

export function createDispatch({ pipelines, deliver, onFailure }: DispatchOptions): Dispatch {
  const lanes = new Map<string, Lane>(pipelines.map((pipeline) => [pipeline, coalesce.emptyLane]));
  const accepted = new Map<string, Offsets>();
  const timers = new Map<string, NodeJS.Timeout>();
  const flights = new Set<Promise<void>>();
  let draining = false;

  function change(pipeline: string, next: (lane: Lane) => Lane): void {
    const lane = lanes.get(pipeline);
    if (lane === undefined) return;
    lanes.set(pipeline, next(lane));
    schedule(pipeline);
  }

  function schedule(pipeline: string): void {
    clearTimeout(timers.get(pipeline));
    const lane = lanes.get(pipeline);
    const dueMs = lane === undefined ? null : coalesce.dueInMs(lane, Date.now());
    if (dueMs === null || draining) return;
    if (dueMs === 0) send(pipeline);
    else
      timers.set(
        pipeline,
        setTimeout(() => send(pipeline), dueMs),
      );
  }

  function send(pipeline: string): void {
    const { lane, parcel } = coalesce.sending(lanes.get(pipeline) ?? coalesce.emptyLane, Date.now());
    lanes.set(pipeline, lane);
    const flight = deliver(pipeline, parcel)
      .then(
        () => {
          accepted.set(pipeline, coalesce.mergeOffsets(accepted.get(pipeline) ?? {}, parcel.claimed));
          change(pipeline, coalesce.accepted);
        },
        (error: unknown) => {
          onFailure(pipeline, error);
          change(pipeline, coalesce.failed);
        },
      )
      .finally(() => flights.delete(flight));
    flights.add(flight);
  }

  return {
    claim: (pipeline, offsets) => change(pipeline, (lane) => coalesce.withClaim(lane, offsets, Date.now())),
    wake: (pipeline) => change(pipeline, (lane) => coalesce.withWake(lane, Date.now())),
    accepted: (pipeline) => accepted.get(pipeline) ?? {},
    async drain() {
      draining = true;
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all(flights);
      for (const [pipeline, lane] of lanes) {
        if (lane.sinceMs !== null) send(pipeline);
      }
      await Promise.all(flights);
    },
  };
}
