// Which of v3's rights a role has in v3: what the role's rows are made of, and what its users' right assignments follow from.
import v3OwnedRows from '../catalog/v3-owned-rows.json' with { type: 'json' };
import { many, one } from '../definition.ts';
import type { Loaded } from '../definition.ts';
import { v3RightOf } from './right-names.ts';

/** To be joined to a role; v2 has no key for it, and deletes and inserts a role's rights at every save. */
export const roleRights = many('public.role_rights', {
  key: ['roleid', 'rightname'],
  on: { roleid: 'id' },
  columns: ['rightname'],
  joins: { right: one('public.rights', { on: { name: 'rightname' }, columns: ['righttype'] }) },
});

interface Role {
  readonly name: string;
  readonly rights: readonly Loaded<typeof roleRights>[];
}

const v3Roles = new Set(v3OwnedRows['referencedata.roles'].map(({ name }) => name.toLowerCase()));

/** Whether v3 brought a role of this name itself. Its rights are v3's own: v2's role of that name adds none. */
export function isV3Role({ name }: Pick<Role, 'name'>): boolean {
  return v3Roles.has(name.toLowerCase());
}

export interface RightsInV3 {
  /** Names of v3's rights, each once, in order. */
  readonly known: readonly string[];
  /** v2's rights that v3 has no home for. */
  readonly homeless: readonly string[];
  /** v2's rights that the table does not know. */
  readonly unknown: readonly string[];
  /** v2's rights of which v2's own row has not landed, and with it their type. */
  readonly awaited: readonly string[];
}

export function rightsInV3(role: Role): RightsInV3 {
  const known = new Set<string>();
  const homeless: string[] = [];
  const unknown: string[] = [];
  const awaited: string[] = [];
  for (const { rightname, right } of role.rights) {
    if (right === null) {
      awaited.push(rightname);
      continue;
    }
    const name = isV3Role(role) ? null : v3RightOf({ name: rightname, righttype: right.righttype });
    if (name === undefined) unknown.push(rightname);
    else if (name === null) homeless.push(rightname);
    else known.add(name);
  }
  return { known: [...known].toSorted(), homeless, unknown, awaited };
}
