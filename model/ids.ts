// v3 ids. A v2 row's id is a UUID (version 5) of its table and key, so that a child finds its parent's id without
// looking anything up, on every run, for ever. Changing anything here orphans every row in v3.
import { hash } from 'node:crypto';

/** uuid5(NAMESPACE_URL, 'urn:elmis-tz'); test vectors stand in ids.test.ts. */
const NAMESPACE = Buffer.from('56d9653342235df8b3762a4c6a44d63c', 'hex');

/** Namespace and name, to be hashed. One buffer for all: it is filled and read within one call. */
const input = Buffer.alloc(4096);
NAMESPACE.copy(input);
const VARIANTS = ['8', '9', 'a', 'b'];

/**
 * Ids that were made lately, by table: half of those that a line of a requisition needs (its product's, its requisition's)
 * are the ids of many others, and to look one up costs a tenth of making it. When the younger are many, the older go. A
 * line's own id is needed once: to keep what nobody asks for again costs more than making it, so such a table rests.
 */
interface MadeLately {
  younger: Map<string, string>;
  older: Map<string, string>;
  /** How many were known, since the younger began. */
  hits: number;
  /** So many are made and not kept, before it is tried again. */
  rest: number;
}
const madeLately = new Map<string, MadeLately>();
const MANY = 4_096;
const REST = 16 * MANY;

/** The id of `<table>:<key>`, for instance `facilities:1`. `table` is v2's name without its schema. */
export function idOf(table: string, key: string): string {
  let made = madeLately.get(table);
  if (made === undefined) {
    made = { younger: new Map(), older: new Map(), hits: 0, rest: 0 };
    madeLately.set(table, made);
  }
  if (made.rest > 0) {
    made.rest -= 1;
    return make(`${table}:${key}`);
  }
  const known = made.younger.get(key) ?? made.older.get(key);
  if (known !== undefined) {
    made.hits += 1;
    return known;
  }
  const id = make(`${table}:${key}`);
  keep(made, key, id);
  return id;
}

function keep(made: MadeLately, key: string, id: string): void {
  if (made.younger.size >= MANY) {
    const isOfUse = made.hits >= MANY;
    made.older = isOfUse ? made.younger : new Map();
    made.younger = new Map();
    made.hits = 0;
    if (!isOfUse) made.rest = REST;
  }
  made.younger.set(key, id);
}

function make(name: string): string {
  const digest = hash(
    'sha1',
    name.length < 1000 ? input.subarray(0, 16 + input.write(name, 16)) : Buffer.concat([NAMESPACE, Buffer.from(name)]),
    'hex',
  );
  const variant = VARIANTS[Number.parseInt(digest.charAt(16), 16) & 0x3];
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
