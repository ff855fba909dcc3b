// Status messages: what people remarked on a requisition. v3 keeps one message beside each step of the requisition's
// history, v2 any number of comments beside the requisition: those made during a step become its message.
import { definePipeline, many, one, references, source, target } from '../definition.ts';
import { historyOf, statusOf } from '../requisitions/statuses.ts';
import { awaited } from '../steps/awaited.ts';
import { instantOf } from '../steps/timestamp.ts';
import { bodyOf, messagesOf } from './messages.ts';

export const statusMessages = definePipeline({
  name: 'status-messages',
  summary: 'Comments on requisitions, each beside the step during which it was made.',
  root: source('public.requisitions', {
    columns: ['id'],
    joins: {
      comments: many('public.comments', {
        on: { rnrid: 'id' },
        columns: ['id', 'commenttext', 'createdby', 'createddate', 'modifieddate'],
        joins: { author: one('public.users', { on: { id: 'createdby' }, columns: ['firstname', 'lastname'] }) },
      }),
      statusChanges: many('public.requisition_status_changes', {
        on: { rnrid: 'id' },
        columns: ['id', 'status', 'createdby', 'createddate', 'modifieddate'],
      }),
    },
  }),
  owns: {
    messages: target('requisition.status_messages', {
      key: ['id'],
      references: [
        references('requisitionid', 'requisition.requisitions'),
        references('statuschangeid', 'requisition.status_changes'),
        // Not authorid: no pipeline brings users so far.
      ],
    }),
  },
  derive({ comments, statusChanges, ...requisition }, { id, loss }) {
    // Equal neighbours, which v3 cannot hold, are a loss of the requisitions pipeline, and counted there.
    const history = historyOf(statusChanges, { loss: () => {} });
    if (history.length === 0) {
      if (comments.length > 0) loss('VALUE_WITHOUT_HOME', 'status_messages.statuschangeid');
      return { messages: [] };
    }
    return {
      messages: messagesOf(comments, history).map(({ step, comments: made }) => {
        const [first] = made;
        // Names stand in the message itself: it waits for all who speak in it.
        const isComplete = made.every(({ author }) => author !== null);
        return {
          id: id('requisition_status_changes', step.id, 'message'),
          createddate: instantOf(first.createddate),
          modifieddate: instantOf(made.at(-1)?.modifieddate ?? null),
          authorid: id('users', first.createdby),
          authorfirstname: first.author?.firstname ?? null,
          authorlastname: first.author?.lastname ?? null,
          body: bodyOf(made),
          status: statusOf(step.status),
          requisitionid: isComplete ? id('requisitions', requisition.id) : awaited(id, 'requisitions', requisition.id),
          statuschangeid: id('requisition_status_changes', step.id),
        };
      }),
    };
  },
});
