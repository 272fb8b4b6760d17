// What a person does in conversations.
import type { Draft, FileToSend, Id, Message, MessageRef } from "@core/types";
import { client, remoteClient } from "./engine";
import { learn, readNewest, readPage, readThread, refresh, refreshSoon } from "./refresh";
import { useApp } from "./store";
import { kPage, merged, timeOf, type Window } from "./timeline";

const set = useApp.setState;
const get = useApp.getState;
const put = (conversation: Id, window: Window) => set(({ windows }) => ({ windows: { ...windows, [conversation]: window } }));

const readings = new Map<Id, { done: Promise<void>; again: boolean }>();
/** What is asked for while it is read is read once more: the answer on its way may be older. */
export function readGroup(id: Id): Promise<void> {
  const under = readings.get(id);
  if (under) {
    under.again = true;
    return under.done;
  }
  const reading = { done: Promise.resolve(), again: true };
  readings.set(id, reading);
  reading.done = (async () => {
    while (reading.again) {
      reading.again = false;
      const group = await client().group(id);
      await learn(group.members.map(({ user }) => user));
      set(({ groups }) => ({ groups: { ...groups, [id]: group } }));
    }
  })().finally(() => readings.delete(id));
  return reading.done;
}
/** Of a group that some screen has asked for. */
export async function groupMoved(id: Id): Promise<void> {
  if (readings.has(id) || get().groups[id]) {
    await readGroup(id).catch(() => undefined);
  }
}

export const openTimeline = readNewest;

// An address may name anything; then nothing comes first.
export const putFirst = (conversations: Id[]): void => void remoteClient()?.client.putFirst(conversations).catch(() => undefined);

const loading = new Set<string>();
async function extend(conversation: Id, where: string, before: () => number | undefined): Promise<boolean> {
  const key = where + conversation;
  const end = before();
  if (end === undefined || loading.has(key)) {
    return false;
  }
  loading.add(key);
  try {
    const page = await readPage(conversation, end);
    put(conversation, merged(get().windows[conversation], page));
    return page.length > 0;
  } finally {
    loading.delete(key);
  }
}

/** Resolves to whether there was an older page. */
export const loadOlder = (conversation: Id) =>
  extend(conversation, "older ", () => get().windows[conversation]?.messages[0]?.index || undefined);

/** The page behind the window, after a jump into the past. */
export const loadNewer = (conversation: Id) =>
  extend(conversation, "newer ", () => {
    const last = get().windows[conversation]?.messages.at(-1)?.index;
    return last === undefined || last + 1 >= countOf(conversation) ? undefined : last + 1 + kPage;
  });

export const countOf = (conversation: Id): number =>
  get().overview.find((one) => one.conversation.id === conversation)?.conversation.messageCount ?? 0;

/** Shows the part of the history around this index. */
export async function jumpToIndex(conversation: Id, index: number): Promise<void> {
  const window = get().windows[conversation]?.messages;
  if (!window?.length || index < window[0]!.index || index > window.at(-1)!.index) {
    put(conversation, { messages: await readPage(conversation, index + kPage / 2) });
  }
  set({ focus: { conversation, index } });
}

/** To the first message of that time or later; in an order by time, so that few are looked at. */
export async function jumpToTime(conversation: Id, at: number): Promise<void> {
  const timeAt = async (index: number) => {
    const [message] = await client().page(conversation, index + 1, 1);
    return message ? timeOf(message) : -Infinity;
  };
  let [low, high] = [0, countOf(conversation)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await timeAt(middle)) < at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  await jumpToIndex(conversation, Math.min(low, Math.max(0, countOf(conversation) - 1)));
}

/** Answers the message; nothing when this device does not have it. */
export async function jumpTo(conversation: Id, ref: MessageRef): Promise<Message | null> {
  const message = await client().message(conversation, ref);
  if (message && !message.threadRoot) {
    await jumpToIndex(conversation, message.index);
  }
  return message;
}

/** Keeps the newest pages only, so that what was once scrolled through does not stay in memory. */
export function closeTimeline(conversation: Id): void {
  set(({ windows, focus }) => {
    const { [conversation]: window, ...others } = windows;
    if (!window || (window.messages.at(-1)?.index ?? 0) + 1 < countOf(conversation)) {
      return { windows: others, focus: null };
    }
    return window.messages.length > 4 * kPage
      ? { windows: { ...others, [conversation]: { messages: window.messages.slice(-kPage) } }, focus: null }
      : { focus: focus?.conversation === conversation ? null : focus };
  });
}

export async function write(conversation: Id, draft: Draft, files: FileToSend[] = []): Promise<void> {
  await (files.length > 0 ? client().sendFiles(conversation, draft, files) : client().write(conversation, draft));
  if (draft.threadRoot) {
    await readThread(conversation, draft.threadRoot);
  } else {
    await toNewest(conversation);
    markRead(conversation);
  }
  refreshSoon();
}

export async function toNewest(conversation: Id): Promise<void> {
  await readNewest(conversation);
  set({ focus: null });
}

export function markRead(conversation: Id): void {
  const one = get().overview.find((other) => other.conversation.id === conversation)?.conversation;
  const last = get().windows[conversation]?.messages.at(-1)?.index;
  if (one && last !== undefined && (one.unread > 0 || last >= one.messageCount)) {
    void client().markRead(conversation, last).catch(() => undefined);
  }
}

export async function markAllRead(): Promise<void> {
  await client().markAllRead();
  set({ marked: {} });
  refreshSoon();
}

/** Of a message that was given up: it goes out of the history. */
export const discard = (message: Message): Promise<void> => client().discard(message.conversation, message.ref);

/** In every window of this browser. */
export function discarded(conversation: Id, ref: MessageRef): void {
  set(({ windows, thread }) => {
    const window = windows[conversation];
    const without = (messages: Message[]) => messages.filter((one) => one.ref !== ref);
    return {
      windows: window ? { ...windows, [conversation]: { ...window, messages: without(window.messages) } } : windows,
      thread: thread?.conversation === conversation ? { ...thread, messages: without(thread.messages) } : thread,
    };
  });
  refreshSoon();
}

/** `picture`: of a `:name:` the file that it is drawn from. */
export async function react(message: Message, emoji: string, picture?: Id): Promise<void> {
  const me = get().account?.user ?? "";
  const present = !message.reactions.some((one) => one.emoji === emoji && one.picture?.fileId === picture && one.users.includes(me));
  await client().react(message.conversation, message.ref, emoji, present, picture);
}

export async function openThread(conversation: Id, root: MessageRef): Promise<void> {
  await readThread(conversation, root);
  await client().markThreadRead(conversation, root);
  refreshSoon();
}
export const closeThread = () => set({ thread: null });

export async function followThread(conversation: Id, root: MessageRef, following: boolean): Promise<void> {
  await client().followThread(conversation, root, following);
  await readThread(conversation, root);
}

/** Answers the conversation's id. */
export async function startConversation(username: string): Promise<Id> {
  const conversation = await client().conversationWith(username);
  await refresh();
  return conversation.id;
}

/** Answers the group's id; it is there at once, its members follow. */
export async function startGroup(name: string, usernames: string[]): Promise<Id> {
  const id = await client().createGroup(name, usernames);
  await refresh();
  return id;
}

/** Runs a command of the client and reads what it has changed. */
export async function act<T>(command: (of: ReturnType<typeof client>) => Promise<T>): Promise<T> {
  const value = await command(client());
  const known = Object.keys(get().users); // what is trusted may have changed
  const users = (await Promise.all(known.map((id) => client().user(id)))).filter((user) => user !== null);
  set({ users: Object.fromEntries(users.map((user) => [user.id, user])) });
  await refresh();
  return value;
}
