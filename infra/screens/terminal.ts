// A shell for the tour: what its page says is typed into one and the same shell, and pictured as a terminal shows it.
import { spawn } from 'node:child_process';
import type { Page } from 'playwright-core';

export interface Typed {
  readonly commands: string;
  readonly output: string;
  readonly exitCode: number;
}

export interface Shell {
  type(commands: string): Promise<Typed>;
  close(): void;
}

const END = '--- typed ';

export function openShell(options: { readonly directory: string; readonly environment: NodeJS.ProcessEnv }): Shell {
  const bash = spawn('bash', ['--noprofile', '--norc'], { cwd: options.directory, env: options.environment });
  let heard = '';
  let onHeard = (): void => undefined;
  let onEnd: (error: Error) => void = () => undefined;
  for (const stream of [bash.stdout, bash.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
      onHeard();
    });
  bash.once('exit', (code) => onEnd(new Error(`The shell ended with ${code}: ${heard}`)));
  return {
    type: (commands) =>
      new Promise((resolve, reject) => {
        heard = '';
        onEnd = reject;
        onHeard = (): void => {
          const end = new RegExp(`^${END}(\\d+)\\n`, 'm').exec(heard);
          if (end !== null)
            resolve({ commands, output: heard.slice(0, end.index).trimEnd(), exitCode: Number(end[1]) });
        };
        bash.stdin.write(`{ ${commands}\n} 2>&1 </dev/null\nprintf '\\n${END}%s\\n' $?\n`);
      }),
    close: () => bash.stdin.end(),
  };
}

const MOST_LINES = 34;

/** What was typed and what came, as a picture. */
export async function pictureOf(page: Page, { commands, output }: Typed, path: string): Promise<void> {
  const lines = output.split('\n');
  const shown = lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), '...'] : lines;
  const typed = commands.split('\n').map((line) => `<b>$ ${escaped(line)}</b>\n`);
  await page.setContent(`<!doctype html><style>
      body { margin: 0; background: #fff; }
      pre { display: inline-block; box-sizing: border-box; min-width: 900px; max-width: 1400px; margin: 0; padding: 18px 22px;
            background: #1b1f27; color: #d7dae0; font: 14px/1.45 monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
      b { color: #8fd18f; font-weight: normal; }
    </style><pre>${typed.join('')}${escaped(shown.join('\n'))}</pre>`);
  await page.locator('pre').screenshot({ path });
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
