// Roles with their rights. v2's rights become v3's by the table of right-names.ts; v3's own rows of rights and roles are
// pointed at, never written.
import v3OwnedRows from '../catalog/v3-owned-rows.json' with { type: 'json' };
import { definePipeline, references, source, target } from '../definition.ts';
import { MkondoError } from '../../model/errors.ts';
import { awaited } from '../steps/awaited.ts';
import { rightsInV3, roleRights } from './role-rights.ts';

const v3RightIds = new Map(v3OwnedRows['referencedata.rights'].map(({ name, id }) => [name, id]));

export const roles = definePipeline({
  name: 'roles',
  summary: 'Roles with their rights, in v3’s words; a role that v3 brought itself is adopted and keeps its rights.',
  root: source('public.roles', { columns: ['id', 'name', 'description'], joins: { rights: roleRights } }),
  owns: {
    roles: target('referencedata.roles', { key: ['id'], adopt: 'name' }),
    rights: target('referencedata.role_rights', {
      key: ['roleid', 'rightid'],
      references: [references('rightid', 'referencedata.rights')],
    }),
  },
  derive(role, { id, loss }) {
    const roleId = id('roles', role.id);
    const rights = rightsInV3(role);
    if (rights.unknown.length > 0) throw unknownRights(rights.unknown);
    for (const _ of rights.homeless) loss('VALUE_WITHOUT_HOME', 'role_rights.rightid');
    return {
      roles: [{ id: roleId, name: role.name, description: role.description }],
      rights: [
        ...rights.known.map((name) => v3RightIds.get(name) ?? awaited(id, 'rights', name)),
        ...rights.awaited.map((name) => awaited(id, 'rights', name)),
      ].map((rightid) => ({ roleid: roleId, rightid })),
    };
  },
});

/** v3 takes no right that it does not know, and to leave one out would change what users may do without a sign. */
function unknownRights(names: readonly string[]): MkondoError {
  return new MkondoError('DERIVE_FAILED', `v2's role has rights that nobody here knows: ${names.join(', ')}.`, {
    advice:
      'Say in pipelines/roles/right-names.ts and docs/rights.md what they are in v3, then retry the quarantined role.',
  });
}
