// Reads what an operator typed into an operation's request, or says what is wrong with it and how it is written.
import type { OperationName, OperationRequest, ReplayFrom } from '../activities/contract.ts';

const knownFields = ['reason', 'by', 'id', 'from'];
const example: Readonly<Record<OperationName, string>> = {
  pause: '{"reason": "v3 is being upgraded"}',
  resume: '{"reason": "the upgrade is done"}',
  reset: '{"reason": "v3 was restored from a backup"}',
  reprocess: '{"reason": "new transformation"}',
  replay: '{"reason": "rows were deleted by hand", "from": "2026-01-31T00:00:00Z"}',
  retryQuarantined: '{"reason": "the mapping is fixed"}',
  mend: '{"reason": "somebody edited v3 by hand"}',
};

export type ParsedRequest =
  | { readonly ok: true; readonly request: OperationRequest }
  | { readonly ok: false; readonly fault: string; readonly request: OperationRequest };

interface Asked {
  readonly pipeline: string;
  readonly name: OperationName;
  readonly via: 'update' | 'signal';
  readonly input: unknown;
  /** Taken when the caller chose none. */
  readonly id: string;
}

/** A faulty input still gives a request, with what could be read, so that the refusal can be recorded. */
export function parseRequest({ pipeline, name, via, input, id }: Asked): ParsedRequest {
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
  for (const field of ['by', 'id'] as const) {
    if (fields[field] !== undefined && text(fields[field]) === undefined)
      return refuse(`"${field}" must be a text that is not blank.`);
  }
  // The id becomes part of a workflow id, of a URL and of a log line.
  if (!/^[\w.:-]{1,100}$/.test(request.id))
    return refuse('"id" may hold letters, digits and . : _ - only, at most 100 of them.');
  if (name !== 'replay') {
    return fields['from'] === undefined ? { ok: true, request } : refuse('"from" belongs to replay alone.');
  }
  const from = parseFrom(fields['from']);
  return typeof from === 'string' ? refuse(from) : { ok: true, request: { ...request, from } };
}

/** The position or time, or what is wrong with it. */
function parseFrom(value: unknown): ReplayFrom | string {
  if (typeof value === 'string') return parseTime(value);
  if (!isObject(value)) return '"from" is missing: where shall it begin?';
  const fields = Object.keys(value).sort().join(', ');
  if (fields === 'time') return parseTime(value['time']);
  const { topic, partition, offset } = value;
  if (fields !== 'offset, partition, topic' || typeof topic !== 'string' || topic === '') {
    return '"from" is a time, or an object of "topic", "partition" and "offset".';
  }
  if (!isCount(partition) || !isCount(offset)) return '"partition" and "offset" must be whole numbers, 0 or more.';
  return { topic, partition, offset };
}

function parseTime(value: unknown): ReplayFrom | string {
  const isIso =
    typeof value === 'string' && /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?$/.test(value);
  const at = isIso ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) return `"from" is no ISO 8601 time with its zone: ${JSON.stringify(value)}.`;
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

/** The text without its margins; undefined when there is none. */
function text(value: unknown): string | undefined {
  const trimmed = typeof value === 'string' ? value.trim() : '';
  return trimmed === '' ? undefined : trimmed;
}
