// The hours of the day during which v2 may be read, as a DBA writes them: '22-4' is from ten in the evening to four, UTC.

export interface Hours {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** Undefined for a text that is none. */
export function parseHours(text: string): Hours | undefined {
  const [, from, to] = /^(\d{1,2})-(\d{1,2})$/.exec(text) ?? [];
  const hours = { from: Number(from), to: Number(to) };
  const isHour = (hour: number): boolean => hour >= 0 && hour <= 24;
  return isHour(hours.from) && hours.from < 24 && isHour(hours.to) && hours.from !== hours.to ? hours : undefined;
}

/** When the hours that hold now end; null when now is outside of them. */
export function endOfHours({ from, to }: Hours, now: Date): Date | null {
  const hour = now.getUTCHours();
  const isWithin = from < to ? hour >= from && hour < to : hour >= from || hour < to;
  if (!isWithin) return null;
  const end = new Date(now);
  end.setUTCHours(to, 0, 0, 0);
  if (end.getTime() <= now.getTime()) end.setUTCDate(end.getUTCDate() + 1);
  return end;
}
