// What people remarked on a requisition. v3 keeps one message beside each step of its history, v2 any number of comments
// beside the requisition: those made during a step become its message, and nothing that was written is lost.
import type { DatedStatusChange } from './statuses.ts';
import { clockTime } from './statuses.ts';
import { microsecondsOf } from '../steps/timestamp.ts';

export interface Comment {
  readonly id: number;
  readonly commenttext: string;
  readonly createdby: number;
  readonly createddate: string | null;
  readonly modifieddate: string | null;
  readonly author: { readonly firstname: string; readonly lastname: string } | null;
}

export interface Message {
  readonly step: DatedStatusChange;
  /** In the order in which they were made; one at least. */
  readonly comments: readonly [Comment, ...Comment[]];
}

/**
 * Each comment belongs to the last step that was reached when it was made; one made before the first step, to the first.
 * The history is in order of time.
 */
export function messagesOf(comments: readonly Comment[], history: readonly DatedStatusChange[]): readonly Message[] {
  const steps = history.map((step) => ({ step, since: microsecondsOf(step.at) }));
  const placed = comments
    .map((comment) => ({ comment, at: microsecondsOf(clockTime(comment)) }))
    .toSorted((left, right) => Number(left.at - right.at) || left.comment.id - right.comment.id)
    .map(({ comment, at }) => ({
      comment,
      step: Math.max(
        0,
        steps.findLastIndex(({ since }) => since <= at),
      ),
    }));
  return history.flatMap((step, index) => {
    const [first, ...more] = placed.filter((each) => each.step === index).map(({ comment }) => comment);
    return first === undefined ? [] : [{ step, comments: [first, ...more] }];
  });
}

/** The texts, line by line. v3 names one author only: where several spoke, each text bears its author's name. */
export function bodyOf(comments: readonly Comment[]): string {
  const isDialogue = new Set(comments.map(({ createdby }) => createdby)).size > 1;
  return comments
    .map(({ author, commenttext }) =>
      isDialogue && author !== null ? `${author.firstname} ${author.lastname}: ${commenttext}` : commenttext,
    )
    .join('\n');
}
