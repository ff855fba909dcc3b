// What the code of a pipeline says that its definition does not: the shared steps that it takes, and the losses that it
// can record. Read from the text of its files, so written for the way this project writes both.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDir } from '../local/settings.ts';

export interface PipelineCode {
  /** File names in pipelines/steps/, without the extension. */
  readonly steps: readonly string[];
  readonly losses: readonly RecordedLoss[];
}

export interface RecordedLoss {
  readonly code: string;
  /** Undefined where the code computes it. */
  readonly column: string | undefined;
}

/** Functions that record a loss in a column which their caller names -> the code of that loss. */
export type Recorders = ReadonlyMap<string, string>;

/** The pipeline's folder bears its name. */
export function readPipelineCode(pipeline: string): PipelineCode {
  const code = codeOf(pipeline);
  return { steps: stepsIn(code), losses: lossesIn(code, recordersIn(codeOf('steps'))) };
}

/** The code that derives: without tests and examples, as in the transformation's version. */
function codeOf(folder: string): string {
  const path = join(projectDir, 'pipelines', folder);
  const files = readdirSync(path).filter((file) => file.endsWith('.ts') && !/\.test\.ts$|^examples\.ts$/.test(file));
  return files.map((file) => readFileSync(join(path, file), 'utf8')).join('\n');
}

/** The steps that code imports. */
export function stepsIn(code: string): readonly string[] {
  const names = [...code.matchAll(/ from '\.\.\/steps\/([\w-]+)\.ts'/g)].map(([, name = '']) => name);
  return [...new Set(names)].toSorted();
}

/** The steps that record a loss: functions with `loss('CODE', column)` in them. */
export function recordersIn(code: string): Recorders {
  const functions = code.split(/^(?=export function )/m);
  return new Map(
    functions.flatMap((text) => {
      const name = /^export function (\w+)/.exec(text)?.[1];
      const lossCode = /\bloss\('([A-Z_]+)', column\)/.exec(text)?.[1];
      return name === undefined || lossCode === undefined ? [] : [[name, lossCode] as const];
    }),
  );
}

/** The losses that code can record, by itself or through a step, each once, sorted. */
export function lossesIn(code: string, recorders: Recorders): readonly RecordedLoss[] {
  const direct = callsOf('loss', code).flatMap((call) => {
    const [, lossCode, column] = /^\s*'([A-Z_]+)'(?:,\s*'([^']+)')?/.exec(call) ?? [];
    return lossCode === undefined ? [] : [{ code: lossCode, column }];
  });
  const bySteps = [...recorders].flatMap(([step, lossCode]) =>
    callsOf(step, code).map((call) => ({ code: lossCode, column: /\bcolumn: '([^']+)'/.exec(call)?.[1] })),
  );
  const byText = new Map([...direct, ...bySteps].map((loss) => [`${loss.code} ${loss.column ?? ''}`, loss]));
  return [...byText].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, loss]) => loss);
}

/** What stands between the parentheses of each call of a function. */
function callsOf(name: string, code: string): readonly string[] {
  return [...code.matchAll(new RegExp(`\\b${name}\\(`, 'g'))].map((match) => {
    const start = match.index + match[0].length;
    let end = start;
    for (let open = 1; end < code.length; end += 1) {
      if (code[end] === '(') open += 1;
      if (code[end] === ')') open -= 1;
      if (open === 0) break;
    }
    return code.slice(start, end);
  });
}
