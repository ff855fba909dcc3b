// Who may see which facility: v3's reports show a user the facilities of his right assignments alone, and the errors of
// facilities' configuration follow from the roles that somebody holds for them.
//
// Of the rights only those that v2 and v3 have one for one: the words of the others are a judgement, which
// pipelines/roles/right-names.test.ts holds to docs/rights.md. A role that v3 brought itself keeps v3's rights.
import type { Check } from './check.ts';

const wordsOfRights = `(VALUES
         ('CREATE_REQUISITION', 'REQUISITION_CREATE'), ('AUTHORIZE_REQUISITION', 'REQUISITION_AUTHORIZE'),
         ('APPROVE_REQUISITION', 'REQUISITION_APPROVE'), ('DELETE_REQUISITION', 'REQUISITION_DELETE'),
         ('VIEW_REQUISITION', 'REQUISITION_VIEW'), ('VIEW_STOCK_ON_HAND', 'STOCK_CARDS_VIEW'))`;

export const facilityAccess: Check = {
  check: 'facility access, by facility, program and right',
  counted: 'users',
  group: ['facility', 'program', 'right'],
  row: ['user'],
  figures: [],
  exact: true,
  // UNION ends a circle of nodes, and takes together what several assignments give.
  v2: `WITH RECURSIVE words (v2, v3) AS ${wordsOfRights},
       below AS (
         SELECT id AS top, id AS node FROM supervisory_nodes
         UNION
         SELECT below.top, child.id FROM below JOIN supervisory_nodes child ON child.parentid = below.node),
       supervised AS (
         SELECT DISTINCT below.top AS node, schedule.programid, member.facilityid
         FROM below
         JOIN requisition_groups g ON g.supervisorynodeid = below.node
         JOIN requisition_group_program_schedules schedule ON schedule.requisitiongroupid = g.id
         JOIN requisition_group_members member ON member.requisitiongroupid = g.id
         JOIN programs_supported support
           ON support.facilityid = member.facilityid AND support.programid = schedule.programid AND support.active),
       place AS (
         SELECT ra.userid, ra.roleid, ra.programid, supervised.facilityid
         FROM role_assignments ra
         JOIN supervised ON supervised.node = ra.supervisorynodeid AND supervised.programid = ra.programid
         WHERE ra.deliveryzoneid IS NULL
         UNION
         SELECT ra.userid, ra.roleid, ra.programid, home.facilityid
         FROM role_assignments ra JOIN users home ON home.id = ra.userid
         WHERE ra.deliveryzoneid IS NULL AND ra.supervisorynodeid IS NULL AND ra.programid IS NOT NULL)
       SELECT DISTINCT f.code AS facility, p.code AS program, words.v3 AS "right", lower(u.username) AS "user"
       FROM place
       JOIN roles r ON r.id = place.roleid AND lower(r.name) <> 'system administrator'
       JOIN role_rights rr ON rr.roleid = r.id
       JOIN words ON words.v2 = rr.rightname
       JOIN users u ON u.id = place.userid
       JOIN facilities f ON f.id = place.facilityid
       JOIN programs p ON p.id = place.programid`,
  v3: `WITH words (v2, v3) AS ${wordsOfRights}
       SELECT f.code AS facility, p.code AS program, ra.rightname AS "right", lower(u.username) AS "user"
       FROM referencedata.right_assignments ra
       LEFT JOIN referencedata.users u ON u.id = ra.userid
       LEFT JOIN referencedata.facilities f ON f.id = ra.facilityid
       LEFT JOIN referencedata.programs p ON p.id = ra.programid
       WHERE ra.facilityid IS NOT NULL AND ra.programid IS NOT NULL AND ra.rightname IN (SELECT v3 FROM words)`,
};

export const roleAssignments: Check = {
  check: 'facility assignment: roles and where they are held, by role and program',
  counted: 'assignments',
  group: ['type', 'role', 'program'],
  row: ['user', 'place'],
  figures: [],
  exact: true,
  // v3 has no home for delivery zones, nor for a node without a program.
  v2: `SELECT DISTINCT CASE WHEN p.id IS NULL THEN 'direct' ELSE 'supervision' END AS type, lower(r.name) AS role,
         p.code AS program, lower(u.username) AS "user", node.code AS place
       FROM role_assignments ra
       JOIN roles r ON r.id = ra.roleid
       JOIN users u ON u.id = ra.userid
       LEFT JOIN programs p ON p.id = ra.programid
       LEFT JOIN supervisory_nodes node ON node.id = ra.supervisorynodeid
       WHERE ra.deliveryzoneid IS NULL AND (ra.programid IS NOT NULL OR ra.supervisorynodeid IS NULL)
       UNION ALL
       SELECT DISTINCT 'fulfillment', lower(r.name), NULL, lower(u.username), f.code
       FROM fulfillment_role_assignments ra
       JOIN roles r ON r.id = ra.roleid
       JOIN users u ON u.id = ra.userid
       JOIN facilities f ON f.id = ra.facilityid`,
  v3: `SELECT ra.type, lower(r.name) AS role, p.code AS program, lower(u.username) AS "user", coalesce(node.code, f.code) AS place
       FROM referencedata.role_assignments ra
       LEFT JOIN referencedata.roles r ON r.id = ra.roleid
       LEFT JOIN referencedata.users u ON u.id = ra.userid
       LEFT JOIN referencedata.programs p ON p.id = ra.programid
       LEFT JOIN referencedata.supervisory_nodes node ON node.id = ra.supervisorynodeid
       LEFT JOIN referencedata.facilities f ON f.id = ra.warehouseid`,
};
