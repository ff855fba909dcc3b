// Comments of one person and of two, during different steps of one requisition; and a requisition that nobody remarked on.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { statusMessages } from './status-messages.ts';

const change = (key: number, status: string, createddate: string) => ({
  id: key,
  status,
  createdby: 7,
  createddate,
  modifieddate: createddate,
});

export const examples: readonly Example<typeof statusMessages>[] = [
  {
    title: 'comments of a step are one message, and each of two who talk is named',
    root: {
      id: 1,
      comments: [
        {
          id: 51,
          commenttext: 'Stock ilichelewa',
          createdby: 7,
          createddate: '2018-04-03 08:00:00',
          modifieddate: '2018-04-03 08:00:00',
          author: { firstname: 'Asha', lastname: 'Mushi' },
        },
        {
          id: 52,
          commenttext: 'Why 90 and not 95?',
          createdby: 8,
          createddate: '2018-04-05 09:00:00',
          modifieddate: '2018-04-05 09:00:00',
          author: { firstname: 'Juma', lastname: "Ng'wanakilala" },
        },
        {
          id: 53,
          commenttext: 'The store is full',
          createdby: 7,
          createddate: '2018-04-06 10:00:00',
          modifieddate: '2018-04-06 10:30:00',
          author: { firstname: 'Asha', lastname: 'Mushi' },
        },
      ],
      statusChanges: [
        change(21, 'INITIATED', '2018-04-02 07:30:00.25'),
        change(22, 'SUBMITTED', '2018-04-03 08:00:00'),
        change(23, 'INITIATED', '2018-04-03 09:00:00'),
        change(24, 'SUBMITTED', '2018-04-04 08:00:00'),
        change(25, 'AUTHORIZED', '2018-04-04 08:00:00'),
        change(26, 'IN_APPROVAL', '2018-04-05 08:00:00'),
        change(27, 'IN_APPROVAL', '2018-04-06 08:00:00'),
        change(28, 'APPROVED', '2018-04-19 10:00:00'),
        change(29, 'RELEASED_NO_ORDER', '2018-04-20 10:00:00'),
      ],
    },
    rows: {
      messages: [
        {
          id: id('requisition_status_changes', 22, 'message'),
          createddate: '2018-04-03 08:00:00 Africa/Dar_es_Salaam',
          modifieddate: '2018-04-03 08:00:00 Africa/Dar_es_Salaam',
          authorid: id('users', 7),
          authorfirstname: 'Asha',
          authorlastname: 'Mushi',
          body: 'Stock ilichelewa',
          status: 'SUBMITTED',
          requisitionid: id('requisitions', 1),
          statuschangeid: id('requisition_status_changes', 22),
        },
        {
          id: id('requisition_status_changes', 26, 'message'),
          createddate: '2018-04-05 09:00:00 Africa/Dar_es_Salaam',
          modifieddate: '2018-04-06 10:30:00 Africa/Dar_es_Salaam',
          authorid: id('users', 8),
          authorfirstname: 'Juma',
          authorlastname: "Ng'wanakilala",
          body: "Juma Ng'wanakilala: Why 90 and not 95?\nAsha Mushi: The store is full",
          status: 'IN_APPROVAL',
          requisitionid: id('requisitions', 1),
          statuschangeid: id('requisition_status_changes', 26),
        },
      ],
    },
  },
  {
    title: 'no comment, no message',
    root: { id: 2, comments: [], statusChanges: [] },
    rows: { messages: [] },
  },
];
