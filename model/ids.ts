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
 * are the ids of many others, and to look one up costs a tenth of making it. When the younger are many, the older go.
 */
const madeLately = new Map<string, { younger: Map<string, string>; older: Map<string, string> }>();
const MANY = 4_096;

/** The id of `<table>:<key>`, for instance `facilities:1`. `table` is v2's name without its schema. */
export function idOf(table: string, key: string): string {
  let made = madeLately.get(table);
  if (made === undefined) {
    made = { younger: new Map(), older: new Map() };
    madeLately.set(table, made);
  }
  const known = made.younger.get(key);
  if (known !== undefined) return known;
  const id = made.older.get(key) ?? make(`${table}:${key}`);
  if (made.younger.size >= MANY) {
    made.older = made.younger;
    made.younger = new Map();
  }
  made.younger.set(key, id);
  return id;
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
