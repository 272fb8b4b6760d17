// The list of conversations, of which only what has changed is read again.
import type { Overview } from "@core/types";

const kNever = -1;
const activity = ({ conversation }: Overview) => conversation.lastActivity ?? kNever;

/** `rows` in their places: newest activity first, in the order they came in where it is the same. */
export function withRows(list: Overview[], rows: Overview[]): Overview[] {
  if (rows.length === 0) {
    return list;
  }
  const fresh = new Map(rows.map((row) => [row.conversation.id, row]));
  const kept = list.map((row) => {
    const instead = fresh.get(row.conversation.id);
    fresh.delete(row.conversation.id);
    return instead ?? row;
  });
  return [...kept, ...fresh.values()].sort((a, b) => activity(b) - activity(a));
}

/** Of what the core tells: the same text says the same. */
export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
