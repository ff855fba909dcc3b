// What a check is: the rows that a report of v3 reads, and the rows of v2 that they come from, each in its own side's words.

export interface Check {
  /** As docs/reports.md calls it. */
  readonly check: string;
  /** What one row is. */
  readonly counted: string;
  /** Columns of both queries that name a group: what the report shows a figure for. */
  readonly group: readonly string[];
  /** Columns of both queries that name a row within its group. */
  readonly row: readonly string[];
  /** Columns of both queries that are numbers, summed over a group. */
  readonly figures: readonly string[];
  /**
   * Whether a group's rows must bear the same names, too: two that were exchanged do not show in sums. Not for lines of
   * requisitions, of which there are tens of millions, and which the verifier compares one by one anyway.
   */
  readonly exact: boolean;
  /** Our own SQL, not the mapping's: a fault of the mapping shows here. */
  readonly v2: string;
  /** The tables that the report reads, joined as it joins them: what it would lose is lost here. */
  readonly v3: string;
}
