// What experiments promise the workflow, the API and the command line: shapes only.

export interface ExperimentRequest {
  /** Part of a workflow id, of a URL and, with _ for -, of a schema's name: letters, digits and - only. */
  readonly id: string;
  readonly pipeline: string;
  /** A module of pipelines/changes/<pipeline>; null for the transformation as it is deployed. */
  readonly change: string | null;
  /** Most of the time that it works, of all time, 0 < share <= 1: between two chunks of roots it rests. */
  readonly share: number;
  /** Who decides when it has looked at every root; itself: promotes, unless a root fails. */
  readonly decides: 'operator' | 'itself';
  readonly reason: string;
  readonly by: string;
}

export type ExperimentState = 'running' | 'finished' | 'promoted' | 'discarded' | 'failed';

/** Rows of a v3 table: as v3 has them, and as the change would have them. A bag of rows that share a key counts as one. */
export interface RowCounts {
  readonly equal: number;
  readonly changed: number;
  readonly created: number;
  readonly gone: number;
}

export interface ValueExample {
  /** Key of the row in v3. */
  readonly key: string;
  readonly root: string;
  /** PostgreSQL's text; null is NULL. */
  readonly v3: string | null;
  readonly changed: string | null;
}

/** A report of v3, as docs/reports.md has it. */
export interface ReportFigures {
  readonly report: string;
  /** Groups that the report shows a figure for. */
  readonly figures: number;
  /** Those of which a figure would change, with some of them. */
  readonly changed: number;
  readonly examples: readonly {
    readonly group: Readonly<Record<string, string | null>>;
    /** Null where v3 has, or would have, no such group. */
    readonly figures: readonly {
      readonly figure: string;
      readonly v3: string | null;
      readonly changed: string | null;
    }[];
  }[];
}

export interface ExperimentReport {
  readonly roots: {
    readonly total: number;
    readonly derived: number;
    /** Of those derived, how many have a row that would change. */
    readonly differing: number;
    readonly failed: number;
    /** Neither derived nor failed: they are to be derived in v3 first, because v2 changed them or a parent is missing. */
    readonly skipped: number;
  };
  /** v3 table -> rows. */
  readonly tables: Readonly<Record<string, RowCounts>>;
  /** '<v3 table> <column>' -> values that would change, with some of them. */
  readonly columns: Readonly<Record<string, { readonly changed: number; readonly examples: readonly ValueExample[] }>>;
  /** Code -> roots that fail, with some of them. */
  readonly failures: Readonly<
    Record<
      string,
      { readonly roots: number; readonly examples: readonly { readonly root: string; readonly message: string }[] }
    >
  >;
  /** '<code> <column>' -> how often the change cannot keep all that v2 says. */
  readonly losses: Readonly<Record<string, number>>;
  /** The reports that read what the pipeline owns, none where no root differs; absent until every root was looked at. */
  readonly reports?: readonly ReportFigures[];
}

export interface ExperimentActivities {
  /**
   * Derives every root with the change into the shadow schema, and compares with v3. Never writes v3. Heartbeats its report,
   * and keeps it in cdc.experiments. Safe to repeat: it begins anew.
   */
  runExperiment(request: ExperimentRequest): Promise<ExperimentReport>;
  /** Says that it waits for a decision. After the workflow knows the report, so that whoever reads it can promote. */
  finishExperiment(input: { readonly id: string }): Promise<void>;
  /** Makes the change the pipeline's transformation; whatever is derived later is derived with it. */
  setTransformation(input: { readonly pipeline: string; readonly change: string | null }): Promise<void>;
  /** Drops the shadow schema and keeps how the experiment ended. */
  endExperiment(input: {
    readonly id: string;
    readonly state: Exclude<ExperimentState, 'running' | 'finished'>;
    readonly answer: string;
  }): Promise<void>;
}
