// v3's own user, and two of v2's.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { users } from './users.ts';

export const examples: readonly Example<typeof users>[] = [
  {
    title: "the administrator: v3's own row has this name and is adopted, so this one is never written",
    root: {
      id: 1,
      username: 'Admin',
      firstname: 'Admin',
      lastname: 'User',
      jobtitle: null,
      cellphone: null,
      email: 'admin@example.org',
      facilityid: null,
      verified: true,
      active: true,
    },
    rows: {
      users: [
        {
          id: id('users', 1),
          username: 'Admin',
          firstname: 'Admin',
          lastname: 'User',
          jobtitle: null,
          phonenumber: null,
          email: 'admin@example.org',
          homefacilityid: null,
          active: true,
          verified: true,
          allownotify: true,
          timezone: 'Africa/Dar_es_Salaam',
        },
      ],
    },
  },
  {
    title: 'a pharmacist with a home facility',
    root: {
      id: 7,
      username: 'neema.7',
      firstname: 'Neema',
      lastname: "Ng'wanakilala",
      jobtitle: 'Pharmacist',
      cellphone: '+255 754 000 007',
      email: 'neema@example.org',
      facilityid: 2,
      verified: true,
      active: true,
    },
    rows: {
      users: [
        {
          id: id('users', 7),
          username: 'neema.7',
          firstname: 'Neema',
          lastname: "Ng'wanakilala",
          jobtitle: 'Pharmacist',
          phonenumber: '+255 754 000 007',
          email: 'neema@example.org',
          homefacilityid: id('facilities', 2),
          active: true,
          verified: true,
          allownotify: true,
          timezone: 'Africa/Dar_es_Salaam',
        },
      ],
    },
  },
  {
    title: 'a user of whom v2 says as little as it may, without e-mail',
    root: {
      id: 8,
      username: 'juma.8',
      firstname: 'Juma',
      lastname: 'Mollel',
      jobtitle: null,
      cellphone: null,
      email: null,
      facilityid: null,
      verified: null,
      active: null,
    },
    rows: {
      users: [
        {
          id: id('users', 8),
          username: 'juma.8',
          firstname: 'Juma',
          lastname: 'Mollel',
          jobtitle: null,
          phonenumber: null,
          email: null,
          homefacilityid: null,
          active: false,
          verified: false,
          allownotify: true,
          timezone: 'Africa/Dar_es_Salaam',
        },
      ],
    },
  },
];
