// What the shell hears. Scripts depend on these: docs/operations.md lists them.
export const exitCodes = {
  /** It is done, or it was shown. */
  done: 0,
  /** It was carried out and ended badly: an operation failed, a verification found differences. */
  failed: 1,
  /** What was typed cannot be understood, or names what is not there. Nothing was asked of any pipeline. */
  usage: 2,
  /** The pipeline refused it; the answer says why, and what to do instead. */
  refused: 3,
  /** Who asks may not. */
  forbidden: 4,
  /** The API, or what stands behind it, does not answer. */
  unavailable: 5,
  /** Ctrl-C. What was begun goes on. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends the command: the sentence for standard error, and the exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;
  /** What the API said, whole; for --json. */
  readonly problem: unknown;

  constructor(exitCode: ExitCode, message: string, problem: unknown = null) {
    super(message);
    this.exitCode = exitCode;
    this.problem = problem;
  }
}
