// What is to be done about a range of roots: pure decisions. A range is looked at row by row only when something about it
// is not as it was when its rows were last found right, or when that is long ago.

/** Roots above < root <= upto, in the database's order of text; upto null: to the end. */
export interface Range {
  readonly above: string;
  readonly upto: string | null;
}

/** Sums that PostgreSQL makes over one target's rows of a range; numbers as text, since they pass 2^53. */
export interface TargetFigures {
  /** Keys in the ledger, and the sum of their hashes. */
  readonly owned: string;
  readonly keys: string;
  /** Rows in v3 under these keys, and the sum of the hashes of all that they hold. */
  readonly found: string;
  readonly checksum: string;
}

/** Target name -> its sums. */
export type Figures = Readonly<Record<string, TargetFigures>>;

export interface RangeState {
  /** Over the ledger's entries: who was written when, by which transformation. */
  readonly mark: string;
  readonly figures: Figures;
}

/** A range as it was when it was looked at last. */
export interface RecordedRange extends Range, RangeState {
  readonly version: string;
  readonly isClean: boolean;
  readonly comparedAt: Date;
}

export interface Circumstances {
  readonly range: Range;
  readonly state: RangeState;
  readonly recorded: RecordedRange | undefined;
  /** Hash of the transformation's code. */
  readonly version: string;
  readonly now: Date;
  /** Rows are compared one by one after so long at most, whatever the sums say. */
  readonly compareAfterMs: number;
}

export type Reason = 'new' | 'unclean' | 'transformation' | 'ledger' | 'v3' | 'time';

/** Why the rows of a range must be compared one by one; null when the sums are proof enough. */
export function reasonToCompare(given: Circumstances): Reason | null {
  const { range, state, recorded, version, now, compareAfterMs } = given;
  if (recorded === undefined || recorded.upto !== range.upto) return 'new';
  if (!recorded.isClean) return 'unclean';
  if (recorded.version !== version) return 'transformation';
  if (recorded.mark !== state.mark) return 'ledger';
  if (!isSame(recorded.figures, state.figures)) return 'v3';
  const dueAfterMs = compareAfterMs * (0.5 + share(range.above) / 2);
  return now.getTime() - recorded.comparedAt.getTime() >= dueAfterMs ? 'time' : null;
}

/**
 * 0 to 1, for each range its own: ranges that were compared in one night come up again over half of the time that is allowed, and
 * not all at once.
 */
function share(above: string): number {
  let sum = 0;
  for (let index = 0; index < above.length; index += 1) sum = (sum * 31 + above.charCodeAt(index)) % 1009;
  return sum / 1008;
}

function isSame(left: Figures, right: Figures): boolean {
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => {
      const [a, b] = [left[name], right[name]];
      return a?.owned === b?.owned && a?.keys === b?.keys && a?.found === b?.found && a?.checksum === b?.checksum;
    })
  );
}

/** Of two texts that differ, what stands around the first place where they do: a changed character must show. */
export function aroundDifference(
  expected: string | null,
  actual: string | null,
  most = 120,
): { readonly expected: string | null; readonly actual: string | null } {
  if (expected === null || actual === null) return { expected: cut(expected, 0, most), actual: cut(actual, 0, most) };
  let at = 0;
  while (at < expected.length && expected[at] === actual[at]) at += 1;
  const from = Math.max(0, at - most / 2);
  return { expected: cut(expected, from, most), actual: cut(actual, from, most) };
}

function cut(text: string | null, from: number, most: number): string | null {
  if (text === null) return null;
  const part = text.slice(from, from + most);
  return `${from > 0 ? '…' : ''}${part}${from + most < text.length ? '…' : ''}`;
}
