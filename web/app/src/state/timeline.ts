// What a timeline shows, from what the engine keeps: pages of messages become rows. Pure.
import type { Id, Message } from "@core/types";
import { tellsTheSame } from "../lib/notices";
import type { Level } from "./kept";

/** A contiguous part of a conversation's history, oldest first. */
export interface Window {
  messages: Message[];
}

export const kPage = 60;
const kTogether = 5 * 60 * 1_000_000; // microseconds: one person's messages within it are one group

/** Joins a page into the window. A page that does not touch it replaces it. */
export function merged(window: Window | undefined, page: readonly Message[]): Window {
  const first = page[0];
  const last = page.at(-1);
  if (!window || window.messages.length === 0 || !first || !last) {
    return { messages: first ? [...page] : (window?.messages ?? []) };
  }
  const start = window.messages[0]!.index;
  const end = window.messages.at(-1)!.index;
  if (first.index > end + 1 || last.index < start - 1) {
    return { messages: [...page] };
  }
  const before = window.messages.slice(0, Math.max(0, first.index - start));
  const after = window.messages.slice(Math.max(0, last.index - start + 1));
  return { messages: [...before, ...page, ...after] };
}

/** One message that has changed, or is new at the end. Anything else leaves a gap and is not taken. */
export function withMessage(window: Window, message: Message): Window {
  const start = window.messages[0]?.index ?? message.index;
  const at = message.index - start;
  if (at < 0 || at > window.messages.length) {
    return window;
  }
  const messages = window.messages.slice();
  messages[at] = message;
  return { messages };
}

export type Row =
  | { kind: "start"; key: string }
  | { kind: "day"; key: string; at: number }
  | { kind: "unread"; key: string }
  | { kind: "notice"; key: string; messages: Message[] } // of one line
  | { kind: "message"; key: string; message: Message; first: boolean };

export const timeOf = (message: Message): number => message.sentAt ?? message.receivedAt ?? 0;

function dayOf(micros: number): string {
  const date = new Date(micros / 1000);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

/** `readSeq`: up to where it was read, Infinity when no line is to be drawn. Replies stand in their threads. */
export function rowsOf(window: Window, options: { me: Id; readSeq: number }): Row[] {
  const rows: Row[] = [];
  const first = window.messages[0];
  if (!first || first.index === 0) {
    rows.push({ kind: "start", key: "start" });
  }
  let day = "";
  let previous: Message | undefined;
  let marked = false;
  for (const message of window.messages) {
    if (message.threadRoot) {
      continue;
    }
    const at = timeOf(message);
    if (at > 0 && dayOf(at) !== day) {
      day = dayOf(at);
      rows.push({ kind: "day", key: `day-${message.index}`, at });
      previous = undefined;
    }
    if (message.notice) {
      addNotice(rows, message);
      previous = undefined;
      continue;
    }
    if (!marked && message.seq > options.readSeq && message.senderUser !== options.me) {
      marked = true;
      rows.push({ kind: "unread", key: "unread" });
      previous = undefined;
    }
    const together =
      previous !== undefined && previous.senderUser === message.senderUser && at - timeOf(previous) < kTogether;
    rows.push({ kind: "message", key: message.ref ?? message.id, message, first: !together });
    previous = message;
  }
  return rows;
}

function addNotice(rows: Row[], message: Message): void {
  const before = rows.at(-1);
  if (before?.kind === "notice" && tellsTheSame(before.messages[0]!, message)) {
    before.messages.push(message);
  } else {
    rows.push({ kind: "notice", key: message.ref, messages: [message] });
  }
}

/** What the badge counts: nothing of a conversation that is muted but for mentions. */
export function badgeOf({ unread, mentions }: { unread: number; mentions: number }, level: Level, marked: boolean): number {
  return level === "all" ? Math.max(unread, mentions, marked ? 1 : 0) : level === "mentions" ? Math.max(mentions, marked ? 1 : 0) : marked ? 1 : 0;
}
