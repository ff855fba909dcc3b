// Brings what the local stack needs and the machine lacks: system packages, Temporal, Kafka, the connectors. Downloads
// are kept in a cache outside the checkout, under a name made of their version, and used again.
import { join } from 'node:path';
import { fetchJars } from './fetch/jars.ts';
import { ensurePostgres } from './fetch/postgres.ts';
import { ensureTool } from './fetch/system-packages.ts';
import { fetchTemporal } from './fetch/temporal.ts';

export interface FetchOptions {
  readonly cacheDir: string;
  /** Also fetch Debezium's JDBC sink, which only benchmarks use. */
  readonly sink?: boolean;
  readonly log: (line: string) => void;
}

/** Where each program is. */
export interface Programs {
  readonly java: string;
  /** Folder with `postgres` and `initdb`. */
  readonly postgresBin: string;
  readonly temporal: string;
  /** Folder of the jars of Kafka and Connect. */
  readonly kafkaLibs: string;
  /** Folders for Connect's plugin.path. */
  readonly plugins: readonly string[];
}

/**
 * Safe to repeat and to interrupt: a download counts only once it is whole.
 * @throws MkondoError PART_MISSING with what to install
 */
export async function fetchPrograms({ cacheDir, sink = false, log }: FetchOptions): Promise<Programs> {
  const postgresBin = await ensurePostgres(log);
  await ensureTool({ tool: 'java', check: ['-version'], debianPackage: 'default-jre-headless', log });
  const [temporal, kafka] = await Promise.all([
    fetchTemporal({ cacheDir, log }),
    fetchJars({ cacheDir, log, name: 'kafka', title: 'Kafka and Kafka Connect (about 55 MB)' }),
  ]);
  const kafkaLibs = join(kafka, 'jars');
  const plugins = [
    await fetchJars({
      cacheDir,
      log,
      name: 'debezium-postgres',
      title: "Debezium's PostgreSQL connector",
      without: kafkaLibs,
    }),
  ];
  if (sink) {
    plugins.push(
      await fetchJars({ cacheDir, log, name: 'debezium-jdbc', title: "Debezium's JDBC sink", without: kafkaLibs }),
    );
  }
  return { java: 'java', postgresBin, temporal, kafkaLibs, plugins };
}
