// Keeps the store in step with the engine: what has changed is read again, soon and at once.
import type { RemoteClient } from "@core/index";
import type { Id, Message, MessageRef } from "@core/types";
import { kNobody } from "../lib/notices";
import { same, withRows } from "../lib/overview";
import { client, remoteClient } from "./engine";
import { useApp } from "./store";
import { kPage, merged, withMessage } from "./timeline";

const set = useApp.setState;
const get = useApp.getState;
const kSoon = 30;

/** Looks people up that are not known to the screens yet. */
export async function learn(ids: Iterable<Id>): Promise<void> {
  const unknown = [...new Set(ids)].filter((id) => !get().users[id]?.username);
  const found = (await Promise.all(unknown.map((id) => client().user(id)))).filter((user) => user !== null);
  if (found.length > 0) {
    set(({ users }) => ({ users: { ...users, ...Object.fromEntries(found.map((user) => [user.id, user])) } }));
  }
}

export const peopleOf = (message: Message): Id[] =>
  [message.senderUser, ...(message.deletedBy ? [message.deletedBy] : []), ...(message.mentions ?? []), ...(message.thread?.participants ?? []),
    ...(message.notice?.users ?? []), ...(message.reactions ?? []).flatMap(({ users }) => users)].filter((id) => id !== kNobody);

let refreshing: Promise<void> | undefined;
let stale = false;
// How far the list is known, of which client.
let listed: { of: RemoteClient | undefined; revision: number } = { of: undefined, revision: 0 };

async function readList(): Promise<void> {
  const of = remoteClient();
  const known = of === listed.of ? listed.revision : 0;
  const [account, devices, { revision, rows }] = await Promise.all([
    client().account(), client().devices(), client().overviewSince(known),
  ]);
  listed = { of, revision };
  const before = get();
  const users = { ...before.users };
  rows.forEach(({ peer }) => peer && (users[peer.id] = peer));
  set({
    account: same(before.account, account) ? before.account : account,
    devices: same(before.devices, devices) ? before.devices : devices,
    overview: withRows(known === 0 ? [] : before.overview, rows),
    users: rows.some(({ peer }) => peer) ? users : before.users,
  });
  // Members of groups, whose names the engine learns a moment after it has heard of them, and who wrote what the list shows.
  const unnamed = Object.values(users).filter(({ username }) => username === "").map(({ id }) => id);
  await learn([...unnamed, ...rows.flatMap(({ last }) => (last ? peopleOf(last) : []))]);
}

/** Reads account, devices and what has changed in the list of conversations; calls that come meanwhile are one more reading. */
export function refresh(): Promise<void> {
  stale = true;
  refreshing ??= (async () => {
    while (stale) {
      stale = false;
      await readList();
    }
  })().finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

/** The newest page, or the one that ends before `before`. */
export async function readPage(conversation: Id, before?: number): Promise<Message[]> {
  const page = await client().page(conversation, before, kPage);
  await learn(page.flatMap(peopleOf));
  return page;
}

/** The newest page into the conversation's window. */
export async function readNewest(conversation: Id): Promise<void> {
  const page = await readPage(conversation);
  set(({ windows }) => ({ windows: { ...windows, [conversation]: merged(windows[conversation], page) } }));
}

/** Older messages came before those that are shown: the window stays where it is, under other numbers. */
export async function rereadWindow(conversation: Id): Promise<void> {
  const window = get().windows[conversation]?.messages;
  if (!window) {
    return;
  }
  // Lines about the group have no name to find them by.
  const last = window.map(({ notice }) => notice === undefined).lastIndexOf(true);
  const moved = last < 0 ? null : await client().message(conversation, window[last]!.ref);
  const messages = await readPage(conversation, moved ? moved.index + window.length - last : undefined);
  set(({ windows }) => ({ windows: { ...windows, [conversation]: { messages } } }));
}

export async function readThread(conversation: Id, root: MessageRef): Promise<void> {
  const [first, replies] = await Promise.all([client().message(conversation, root), client().threadMessages(conversation, root)]);
  if (first) {
    const messages = [first, ...replies];
    await learn(messages.flatMap(peopleOf));
    set({ thread: { conversation, root, messages } });
  }
}

let soon: ReturnType<typeof setTimeout> | undefined;
let changed = new Map<MessageRef, Message>();
const reread = new Set<Id>(); // conversations whose receipts have changed

export const messageChanged = (message: Message) => void changed.set(message.ref, message);
export const receiptsChanged = (conversation: Id) => void reread.add(conversation);

function takeChanged(): void {
  const messages = [...changed.values()];
  changed = new Map();
  if (messages.length === 0) {
    return;
  }
  void learn(messages.flatMap(peopleOf)).catch(() => undefined);
  const windows = { ...get().windows };
  for (const message of messages) {
    const window = windows[message.conversation];
    if (window) {
      windows[message.conversation] = withMessage(window, message);
    }
  }
  set({ windows });
  const { thread } = get();
  if (thread && messages.some((one) => one.conversation === thread.conversation && (one.threadRoot === thread.root || one.ref === thread.root))) {
    void readThread(thread.conversation, thread.root).catch(() => undefined);
  }
}

export function refreshSoon(): void {
  soon ??= setTimeout(() => {
    soon = undefined;
    if (!remoteClient()) {
      return;
    }
    takeChanged();
    for (const conversation of reread) {
      const window = get().windows[conversation];
      const count = get().overview.find((one) => one.conversation.id === conversation)?.conversation.messageCount ?? 0;
      if (window && (window.messages.at(-1)?.index ?? -1) >= count - 1) {
        void readNewest(conversation).catch(() => undefined);
      }
    }
    reread.clear();
    void refresh().catch(() => undefined);
  }, kSoon);
}
