// Prometheus, Alertmanager and the exporters, as Debian packages them; the agent that shows a JVM's figures, by Maven.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MkondoError } from '../../../model/errors.ts';
import { fetchJars } from './jars.ts';
import { run } from './run.ts';
import { installPrograms } from './system-packages.ts';

const packages = [
  'prometheus',
  'prometheus-alertmanager',
  'prometheus-node-exporter',
  'prometheus-postgres-exporter',
] as const;

/** On the path, under Debian's names. */
export const monitoringPrograms = {
  prometheus: 'prometheus',
  promtool: 'promtool',
  alertmanager: 'prometheus-alertmanager',
  amtool: 'amtool',
  nodeExporter: 'prometheus-node-exporter',
  postgresExporter: 'prometheus-postgres-exporter',
} as const;

/**
 * Makes sure that all of them are on the path.
 * @throws MkondoError PART_MISSING
 */
export async function ensureMonitoringPrograms(log: (line: string) => void): Promise<void> {
  const found = await Promise.all(
    Object.values(monitoringPrograms).map((program) =>
      run(program, ['--version']).then(
        () => [],
        () => [program],
      ),
    ),
  );
  const missing = found.flat();
  if (missing.length === 0) return;
  await installPrograms(packages, { why: `no ${missing.join(', no ')}`, log }).catch((error: unknown) => {
    if (!(error instanceof MkondoError)) throw error;
    throw new MkondoError(error.code, error.message, {
      advice: `${error.advice} Or do without: MKONDO_MONITORING=off`,
      cause: error,
    });
  });
}

/** Path of the agent's jar. */
export async function fetchJmxAgent(options: {
  readonly cacheDir: string;
  readonly log: (line: string) => void;
}): Promise<string> {
  const folder = await fetchJars({ ...options, name: 'jmx-agent', title: "Prometheus' agent for JVMs" });
  const jars = join(folder, 'jars');
  const jar = (await readdir(jars)).find((name) => name.startsWith('jmx_prometheus_javaagent-'));
  return join(jars, jar ?? '');
}
