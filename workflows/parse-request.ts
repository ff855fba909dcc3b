// Reads what an operator typed into an operation's request, or says what is wrong with it and how it is written.
import type { OperationName, OperationRequest, QuarantineFilter, ReplayFrom } from '../activities/contract.ts';

const knownFields = ['reason', 'by', 'id', 'from', 'for', 'until', 'operation', 'only'];
const example: Readonly<Record<OperationName, string>> = {
  pause: '{"reason": "v3 is being upgraded", "for": "8h"}',
  resume: '{"reason": "the upgrade is done"}',
  reset: '{"reason": "v3 was restored from a backup"}',
  reprocess: '{"reason": "new transformation"}',
  replay: '{"reason": "rows were deleted by hand", "from": "2026-01-31T00:00:00Z"}',
  retryQuarantined: '{"reason": "the mapping is fixed"}',
  mend: '{"reason": "somebody edited v3 by hand"}',
  discard: '{"reason": "v2 will not mend these", "only": {"code": "V3_VALUE_REJECTED"}}',
  cancel: '{"reason": "it was the wrong pipeline"}',
};

export type ParsedRequest =
  | { readonly ok: true; readonly request: OperationRequest }
  | { readonly ok: false; readonly fault: string; readonly request: OperationRequest };

interface Asked {
  readonly pipeline: string;
  readonly name: OperationName;
  readonly via: OperationRequest['via'];
  readonly input: unknown;
  /** Taken when the caller chose none. */
  readonly id: string;
  /** From which "for" counts. */
  readonly nowMs: number;
}

/** A faulty input still gives a request, with what could be read, so that the refusal can be recorded. */
export function parseRequest({ pipeline, name, via, input, id, nowMs }: Asked): ParsedRequest {
  const fields = fieldsOf(input);
  const request: OperationRequest = {
    id: text(fields['id']) ?? id,
    pipeline,
    name,
    via,
    reason: text(fields['reason']) ?? '',
    by: text(fields['by']) ?? 'operator',
  };
  const refuse = (fault: string): ParsedRequest => ({
    ok: false,
    fault: `${name} of ${pipeline} was refused: ${fault} Write for instance ${example[name]}.`,
    request,
  });

  const unknown = Object.keys(fields).filter((field) => !knownFields.includes(field));
  if (typeof input !== 'string' && !isObject(input)) return refuse('the input is neither an object nor a reason.');
  if (unknown.length > 0)
    return refuse(`it has unknown fields: ${unknown.join(', ')} (known: ${knownFields.join(', ')}).`);
  if (request.reason === '')
    return refuse('it needs a reason: whoever finds the pipeline like this tomorrow wants to know why.');
  if (holdsNul(input)) return refuse('it holds the character NUL, which no database keeps in a text.');
  for (const field of ['by', 'id', 'operation'] as const) {
    if (fields[field] !== undefined && text(fields[field]) === undefined)
      return refuse(`"${field}" must be a text that is not blank.`);
  }
  // The id becomes part of a workflow id, of a URL and of a log line. What has margins is another text.
  if (!/^[\w.:-]{1,100}$/.test(typeof fields['id'] === 'string' ? fields['id'] : request.id))
    return refuse('"id" may hold letters, digits and . : _ - only, at most 100 of them.');
  if (name !== 'cancel' && fields['operation'] !== undefined) return refuse('"operation" belongs to cancel alone.');
  if (name !== 'replay' && fields['from'] !== undefined) return refuse('"from" belongs to replay alone.');
  if (name !== 'pause' && (fields['for'] !== undefined || fields['until'] !== undefined))
    return refuse('"for" and "until" belong to pause alone.');
  if (name === 'pause') {
    const end = parseEnd(fields, nowMs);
    if ('fault' in end) return refuse(end.fault);
    return { ok: true, request: end.until === null ? request : { ...request, until: end.until } };
  }
  if (name === 'retryQuarantined' || name === 'discard') {
    const only = parseOnly(name, fields['only']);
    if (typeof only === 'string') return refuse(only);
    return { ok: true, request: only === null ? request : { ...request, only } };
  }
  if (fields['only'] !== undefined) return refuse('"only" belongs to retryQuarantined and discard alone.');
  const operation = text(fields['operation']);
  if (operation !== undefined) return { ok: true, request: { ...request, operation } };
  if (name !== 'replay') return { ok: true, request };
  const from = parseFrom(fields['from']);
  return typeof from === 'string' ? refuse(from) : { ok: true, request: { ...request, from } };
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;
/** A pause that is meant to be longer has no end that anybody knows. */
export const LONGEST_PAUSE_MS = 366 * unitMs.d;

/** When the pause ends by itself; null when it does not. Whether that is still to come, is judged when it is put in force. */
function parseEnd(
  fields: Readonly<Record<string, unknown>>,
  nowMs: number,
): { readonly until: string | null } | { readonly fault: string } {
  const { for: lasting, until } = fields;
  if (lasting !== undefined && until !== undefined) return { fault: 'give "for" or "until", not both.' };
  if (lasting !== undefined) {
    const [, count, unit] = (typeof lasting === 'string' ? /^(\d{1,8}) ?([smhdw])$/.exec(lasting.trim()) : null) ?? [];
    const ms = Number(count) * (unitMs[unit as keyof typeof unitMs] ?? Number.NaN);
    if (Number.isNaN(ms) || ms === 0)
      return { fault: `"for" is a number with its unit, such as "45m", "8h" or "3d", not ${JSON.stringify(lasting)}.` };
    if (ms > LONGEST_PAUSE_MS) return { fault: '"for" is at most 366 days; without it, the pause has no end.' };
    return { until: new Date(nowMs + ms).toISOString() };
  }
  if (until === undefined) return { until: null };
  const at = parseTime(until, 'until');
  return typeof at === 'string' ? { fault: at } : { until: at.time };
}

/** The position or time, or what is wrong with it. */
function parseFrom(value: unknown): ReplayFrom | string {
  if (typeof value === 'string') return parseTime(value, 'from');
  if (!isObject(value)) return '"from" is missing: where shall it begin?';
  const fields = Object.keys(value).sort().join(', ');
  if (fields === 'time') return parseTime(value['time'], 'from');
  const { topic, partition, offset } = value;
  if (fields !== 'offset, partition, topic' || typeof topic !== 'string' || topic === '') {
    return '"from" is a time, or an object of "topic", "partition" and "offset".';
  }
  if (!isCount(partition) || !isCount(offset)) return '"partition" and "offset" must be whole numbers, 0 or more.';
  return { topic, partition, offset };
}

const filterFields = ['ids', 'roots', 'kind', 'code', 'source'];
/** More than a person names one by one. */
const MOST_NAMED = 100;
/** No key of v2's is as long. */
const LONGEST_KEY = 500;

/** Which entries, null: all; or what is wrong with it. */
function parseOnly(name: OperationName, value: unknown): QuarantineFilter | null | string {
  if (value === 'everything') return null;
  if (value === undefined) return name === 'discard' ? '"only" is missing: say which, or "everything".' : null;
  if (!isObject(value) || Object.keys(value).length === 0)
    return `"only" is "everything", or an object of ${filterFields.map((field) => `"${field}"`).join(', ')}.`;
  const unknown = Object.keys(value).filter((field) => !filterFields.includes(field));
  if (unknown.length > 0)
    return `"only" has unknown fields: ${unknown.join(', ')} (known: ${filterFields.join(', ')}).`;
  const { ids, roots, kind, code, source } = value;
  const isList = (given: unknown, isOne: (each: unknown) => boolean): boolean =>
    Array.isArray(given) && given.length > 0 && given.length <= MOST_NAMED && given.every(isOne);
  if (
    ids !== undefined &&
    !isList(ids, (id) => /^\d{1,15}$/.test(typeof id === 'number' ? String(id) : (text(id) ?? '')))
  )
    return `"ids" are ids of entries, 1 to ${MOST_NAMED} of them, such as [12, 13].`;
  if (roots !== undefined && !isList(roots, (root) => typeof root === 'string' && root.length <= LONGEST_KEY))
    return `"roots" are keys of v2 rows as texts, 1 to ${MOST_NAMED} of them, such as ["7", "8"].`;
  if (kind !== undefined && kind !== 'event' && kind !== 'root') return '"kind" is "event" or "root".';
  for (const field of ['code', 'source'] as const)
    if (value[field] !== undefined && text(value[field]) === undefined)
      return `"${field}" must be a text that is not blank.`;
  return {
    ...(ids === undefined ? {} : { ids: (ids as readonly unknown[]).map(String) }),
    ...(roots === undefined ? {} : { roots: roots as readonly string[] }),
    ...(kind === undefined ? {} : { kind }),
    ...(code === undefined ? {} : { code: text(code) ?? '' }),
    ...(source === undefined ? {} : { source: text(source) ?? '' }),
  };
}

function parseTime(value: unknown, field: string): { readonly time: string } | string {
  const isIso =
    typeof value === 'string' && /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?$/.test(value);
  const at = isIso ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) return `"${field}" is no ISO 8601 time with its zone: ${JSON.stringify(value)}.`;
  return { time: new Date(at).toISOString() };
}

function fieldsOf(input: unknown): Readonly<Record<string, unknown>> {
  if (typeof input === 'string') return { reason: input };
  return isObject(input) ? input : {};
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function holdsNul(input: unknown): boolean {
  let found = false;
  JSON.stringify(input, (field, value: unknown) => {
    found ||= field.includes('\0') || (typeof value === 'string' && value.includes('\0'));
    return value;
  });
  return found;
}

/** The text without its margins, and without what would keep its refusal from being recorded; undefined when there is none. */
function text(value: unknown): string | undefined {
  const trimmed = typeof value === 'string' ? value.replaceAll('\0', '').trim() : '';
  return trimmed === '' ? undefined : trimmed;
}
