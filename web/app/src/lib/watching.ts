// Who is on the screen, counted by those who draw them, and told together when it has been quiet for a moment.
import type { Id } from "@core/types";

const kPause = 250;
const kMost = 2000; // the server takes no more

export function makeWatching(tell: (users: Id[]) => void, pause = kPause) {
  const shown = new Map<Id, number>();
  let soon: ReturnType<typeof setTimeout> | undefined;
  let told = "";
  const change = () => {
    clearTimeout(soon);
    soon = setTimeout(() => {
      const users = [...shown.keys()].sort().slice(0, kMost);
      if (users.join() !== told) {
        told = users.join();
        tell(users);
      }
    }, pause);
  };
  /** Answers how to end it. */
  return (user: Id): (() => void) => {
    shown.set(user, (shown.get(user) ?? 0) + 1);
    change();
    return () => {
      const left = (shown.get(user) ?? 1) - 1;
      if (left === 0) {
        shown.delete(user);
      } else {
        shown.set(user, left);
      }
      change();
    };
  };
}
