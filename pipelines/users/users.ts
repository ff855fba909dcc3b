// Users. v3 brings `admin` itself, as v2 does: that row stays v3's own, and what v2's admin did points at it. Passwords stay in v2.
import { definePipeline, references, source, target } from '../definition.ts';

export const users = definePipeline({
  name: 'users',
  summary: "Users of eLMIS; one that v3 brought itself ('admin') is adopted and left as it is.",
  root: source('public.users', {
    columns: [
      'id',
      'username',
      'firstname',
      'lastname',
      'jobtitle',
      'cellphone',
      'email',
      'facilityid',
      'verified',
      'active',
    ],
  }),
  owns: {
    users: target('referencedata.users', {
      key: ['id'],
      adopt: 'username',
      references: [references('homefacilityid', 'referencedata.facilities')],
    }),
  },
  derive: (user, { id }) => ({
    users: [
      {
        id: id('users', user.id),
        username: user.username,
        firstname: user.firstname,
        lastname: user.lastname,
        jobtitle: user.jobtitle,
        phonenumber: user.cellphone,
        // v3's unique column, with v2's stricter uniqueness. Where v3 sends mail to is kept by its notification service.
        email: user.email,
        homefacilityid: user.facilityid === null ? null : id('facilities', user.facilityid),
        active: user.active === true, // v2 may not say; who is not said to be active or verified is not
        verified: user.verified === true,
        allownotify: true,
        timezone: 'Africa/Dar_es_Salaam',
      },
    ],
  }),
});
