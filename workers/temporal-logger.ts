// Temporal's log lines, in our log: one format, one level.
import { DefaultLogger } from '@temporalio/worker';
import type { Logger as TemporalLogger, LogLevel } from '@temporalio/worker';
import type { Logger } from '../model/log.ts';

const levels: Readonly<Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

export function temporalLogger(log: Logger): TemporalLogger {
  return new DefaultLogger('INFO', ({ level, message, meta }) => log[levels[level]]({ temporal: meta }, message));
}
