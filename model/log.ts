// One structured logger per process: JSON lines, the process's name in each.
import { pino } from 'pino';
import type { Logger } from 'pino';
import type { Config } from './config.ts';

export type { Logger } from 'pino';

export function createLog(process: string, config: Pick<Config, 'MKONDO_LOG_LEVEL'>): Logger {
  return pino({ level: config.MKONDO_LOG_LEVEL, base: { process }, timestamp: pino.stdTimeFunctions.isoTime });
}
