// Every setting as people read it: docs/configuration.md and .env.example, printed from the schemas that the processes read.
import type { z } from 'zod';
import { configSchema } from '../../model/config.ts';
import { localSchema } from '../local/settings.ts';

interface Setting {
  readonly name: string;
  readonly description: string;
  /** Undefined for a setting that must be given, or may be left out. */
  readonly fallback: string | undefined;
  readonly isRequired: boolean;
}

const processes = settingsOf(configSchema);
const localStack = settingsOf(localSchema).filter(({ name }) => !(name in configSchema.shape));

/** The whole text of docs/configuration.md. */
export function printConfigurationPage(): string {
  return `# Configuration

Made by \`npm run generate\` from the schemas in model/config.ts and infra/local/settings.ts; do not edit.

All settings are environment variables. A process reads them once, when it starts; when some are wrong it names all of
them and does not start. \`.env.example\` holds the same list, to be copied.

## Worker, bridge and API

${printTable(processes)}

## The local stack (\`npm start\`, tests and benchmarks)

\`npm start\` gives the three processes what they need, from its own parts and ports; these change where and how it runs.

${printTable(localStack)}
`;
}

/** The whole text of .env.example. */
export function printEnvironmentExample(): string {
  return `# Every setting, with its default. Made by \`npm run generate\`; docs/configuration.md explains more.

# --- Worker, bridge and API
${processes.map(printAssignment).join('\n')}

# --- The local stack (npm start)
${localStack.map(printAssignment).join('\n')}
`;
}

function settingsOf({ shape }: z.ZodObject): readonly Setting[] {
  return Object.entries(shape).map(([name, type]) => {
    // What the schema makes of nothing tells its kind: a default, nothing at all, or a fault.
    const schema = type as z.ZodType<string | number | undefined>;
    const given = schema.safeParse(undefined);
    return {
      name,
      description: schema.description ?? '',
      fallback: given.data?.toString(),
      isRequired: !given.success,
    };
  });
}

function printTable(settings: readonly Setting[]): string {
  const rows = settings.map(
    ({ name, description, fallback, isRequired }) =>
      `| \`${name}\` | ${isRequired ? 'required' : fallback === undefined ? '' : `\`${fallback}\``} | ${description.replaceAll('|', '\\|')} |`,
  );
  return ['| Variable | Default | Meaning |', '|---|---|---|', ...rows].join('\n');
}

function printAssignment({ name, description, fallback, isRequired }: Setting): string {
  return `\n# ${description}\n${isRequired ? '' : '# '}${name}=${fallback ?? ''}`;
}
