// Drives the lanes: takes claims and wakes, sends each pipeline's signal when it is due, and keeps what was accepted.
import type { Offsets } from '../activities/contract.ts';
import * as coalesce from './coalesce.ts';
import type { Lane, Parcel } from './coalesce.ts';

export interface Dispatch {
  readonly claim: (pipeline: string, offsets: Offsets) => void;
  readonly wake: (pipeline: string) => void;
  /** What Temporal has accepted for a pipeline. */
  readonly accepted: (pipeline: string) => Offsets;
  /** Sends once what waits and may go, and takes nothing more. */
  readonly drain: () => Promise<void>;
}

export interface DispatchOptions {
  readonly pipelines: readonly string[];
  /** Resolves when Temporal has accepted the signals. */
  readonly deliver: (pipeline: string, parcel: Parcel) => Promise<void>;
  /** Whether the workflow has taken all that Temporal has accepted for it. */
  readonly hasTaken: (pipeline: string) => Promise<boolean>;
  readonly onFailure: (pipeline: string, error: unknown) => void;
  /** A signal is not taken, or is taken at last. */
  readonly onTaken: (pipeline: string, taken: boolean) => void;
}

/** So many looks in vain, half a minute, are no chance: when all workflows start at once, some wait for their turn. */
const VAIN_LOOKS = 15;

export function createDispatch({ pipelines, deliver, hasTaken, onFailure, onTaken }: DispatchOptions): Dispatch {
  const lanes = new Map<string, Lane>(pipelines.map((pipeline) => [pipeline, coalesce.emptyLane]));
  const accepted = new Map<string, Offsets>();
  const timers = new Map<string, NodeJS.Timeout>();
  const flights = new Set<Promise<void>>();
  let draining = false;
  for (const pipeline of pipelines) schedule(pipeline);

  function laneOf(pipeline: string): Lane {
    return lanes.get(pipeline) ?? coalesce.emptyLane;
  }

  function change(pipeline: string, next: (lane: Lane) => Lane): void {
    if (!lanes.has(pipeline)) return;
    lanes.set(pipeline, next(laneOf(pipeline)));
    schedule(pipeline);
  }

  function schedule(pipeline: string): void {
    clearTimeout(timers.get(pipeline));
    const due = coalesce.due(laneOf(pipeline), Date.now());
    if (due === null || draining) return;
    const act = due.act === 'send' ? send : look;
    if (due.inMs === 0) act(pipeline);
    else
      timers.set(
        pipeline,
        setTimeout(() => act(pipeline), due.inMs),
      );
  }

  function send(pipeline: string): void {
    const { lane, parcel } = coalesce.sending(laneOf(pipeline), Date.now());
    lanes.set(pipeline, lane);
    track(
      deliver(pipeline, parcel).then(
        () => {
          accepted.set(pipeline, coalesce.mergeOffsets(accepted.get(pipeline) ?? {}, parcel.claimed));
          change(pipeline, coalesce.accepted);
        },
        (error: unknown) => {
          onFailure(pipeline, error);
          change(pipeline, coalesce.failed);
        },
      ),
    );
  }

  function look(pipeline: string): void {
    lanes.set(pipeline, coalesce.looking(laneOf(pipeline)));
    track(
      hasTaken(pipeline).then(
        (taken) => {
          const vain = laneOf(pipeline).vainLooks;
          if (taken ? vain >= VAIN_LOOKS : vain + 1 === VAIN_LOOKS) onTaken(pipeline, taken);
          change(pipeline, (lane) => coalesce.looked(lane, taken, Date.now()));
        },
        (error: unknown) => {
          onFailure(pipeline, error);
          change(pipeline, (lane) => coalesce.lookFailed(lane, Date.now()));
        },
      ),
    );
  }

  /** What drain waits for. */
  function track(work: Promise<void>): void {
    const flight = work.finally(() => flights.delete(flight));
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
      // What may not go yet is claimed again by the next bridge: its offset is not committed.
      for (const pipeline of pipelines) if (coalesce.due(laneOf(pipeline), Date.now())?.act === 'send') send(pipeline);
      await Promise.all(flights);
    },
  };
}
