// How long a message may be changed. The server decides; what is offered keeps to it.
import type { Message } from "@core/types";

/**
 * In milliseconds since 1970; `editWindow` in seconds. The server counts from when it took the message; a clock of this
 * device that is wrong must not close the window early for what was written here, so the later of both times counts.
 */
export const editEnd = ({ sentAt, receivedAt }: Pick<Message, "sentAt" | "receivedAt">, editWindow: number): number =>
  Math.max(sentAt ?? 0, receivedAt ?? 0) / 1000 + editWindow * 1000;

/** Whether it can be changed at all, apart from the time. */
export const isEditable = ({ seq, deleted, notice, bringsEmoji, senderUser }: Message, me: string | undefined): boolean =>
  senderUser === me && seq > 0 && !deleted && notice === undefined && bringsEmoji === undefined;
