// What in a chaos run is not as it must be. Pure, so that the verdict itself can be tested.
import type { VerifyReport } from '../../verification/v2/verify.ts';
import { victims } from './kills.ts';
import type { KillReport } from './kills.ts';
import type { ChaosReport } from './report.ts';

/** Empty: passed. */
export function faultsOf(seen: {
  readonly kills: readonly Pick<KillReport, 'victim'>[];
  readonly operations: ChaosReport['operations'];
  readonly verification: Pick<VerifyReport, 'differences' | 'pipelines'>;
}): readonly string[] {
  const neverPlayed = Object.entries(seen.operations).filter(([, { done }]) => done === 0);
  const kills = victims.map((victim) => ({
    victim,
    times: seen.kills.filter((kill) => kill.victim === victim).length,
  }));
  const { differences, pipelines } = seen.verification;
  return [
    ...neverPlayed.map(([name]) => `the operation ${name} was never played`),
    ...kills
      .filter(({ times }) => times < 2)
      .map(({ victim, times }) => `${victim} was killed ${times} time(s), not twice`),
    ...(differences === 0 ? [] : [`${differences} difference(s) between v3 and v2`]),
    ...pipelines.flatMap(leftInQuarantine),
  ];
}

/**
 * A run does no harm to an event, and every root that v3 can hold must come through in the end, whatever stood in its way
 * meanwhile. Only a root that the verifier, deriving v2 by itself, finds to be impossible for the same reason may stay.
 */
function leftInQuarantine({ pipeline, troubles, refusedAlike }: VerifyReport['pipelines'][number]): readonly string[] {
  return troubles
    .filter(({ kind, root }) => kind === 'event quarantined' || (kind === 'quarantined' && !isIn(refusedAlike, root)))
    .map(({ kind, root, code, message }) => `${pipeline} ${root ?? ''} is left ${kind}: ${code} ${message}`);
}

function isIn(roots: readonly string[], root: string | null): boolean {
  return root !== null && roots.includes(root);
}
