// Where a command writes: a terminal on which lines can be written anew, or a pipe or file on which nothing is taken back.

export interface Output {
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly hasColour: boolean;
  /** To standard output, as it is. */
  readonly write: (text: string) => void;
  /** To standard error. */
  readonly complain: (line: string) => void;
}

const escape = '\u001B[';

/** Shows lines that change: in place on a terminal, one below the other elsewhere. */
export function createScreen(output: Output): { readonly show: (lines: readonly string[]) => void } {
  let shown = 0;
  return {
    show(lines) {
      const text = lines.map((line) => `${line}${output.isTerminal ? `${escape}K` : ''}\n`).join('');
      const up = output.isTerminal && shown > 0 ? `${escape}${shown}A` : '';
      // Lines that are gone must not stay below.
      output.write(`${up}${text}${output.isTerminal ? `${escape}J` : ''}`);
      shown = lines.length;
    },
  };
}

const colours = { red: 31, green: 32, yellow: 33, grey: 90 } as const;
export type Colour = keyof typeof colours;

export function coloured(output: Pick<Output, 'hasColour'>, colour: Colour, text: string): string {
  return output.hasColour ? `${escape}${colours[colour]}m${text}${escape}0m` : text;
}
