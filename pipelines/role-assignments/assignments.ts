// What users are assigned in v2: the two tables, to be joined to a user, and what kind of v3's assignments their rows are.
import { many } from '../definition.ts';

/**
 * Neither table has a primary key, and eLMIS deletes and inserts a user's rows at every save. The first has columns that
 * may be NULL, so its key is the whole row: v2 itself permits two equal ones, which are one assignment to everybody.
 */
export const assignmentKey = ['userid', 'roleid', 'programid', 'supervisorynodeid', 'deliveryzoneid'] as const;
export const fulfillmentKey = ['userid', 'roleid', 'facilityid'] as const;

export const assignments = many('public.role_assignments', {
  key: assignmentKey,
  on: { userid: 'id' },
  columns: ['roleid', 'programid', 'supervisorynodeid', 'deliveryzoneid'],
});

export const fulfillments = many('public.fulfillment_role_assignments', {
  key: fulfillmentKey,
  on: { userid: 'id' },
  columns: ['roleid', 'facilityid'],
});

/** A program, and a node or the user's home facility; or neither, which holds everywhere. */
export type AssignmentKind = { readonly type: 'supervision'; readonly programid: number } | { readonly type: 'direct' };

/** Null for what v3 cannot hold: delivery zones, and a node without a program. */
export function kindOf(assignment: {
  readonly programid: number | null;
  readonly supervisorynodeid: number | null;
  readonly deliveryzoneid: number | null;
}): AssignmentKind | null {
  const { programid, supervisorynodeid, deliveryzoneid } = assignment;
  if (deliveryzoneid !== null) return null;
  if (programid !== null) return { type: 'supervision', programid };
  return supervisorynodeid === null ? { type: 'direct' } : null;
}
