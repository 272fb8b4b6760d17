// Emoji with pictures: which ones a conversation has, and their pictures, decrypted and looked at before they are drawn.
import { CoreError, type ConversationEmoji, type Id, type MessageRef } from "@core/types";
import { useEffect } from "react";
import { checkedEmoji, stillOf, type EmojiFile } from "../lib/emoji-file";
import { client } from "./engine";
import { refreshSoon } from "./refresh";
import { useApp } from "./store";

const kNone: ConversationEmoji[] = [];
const kKept = 400; // pictures that stay decrypted in memory, some kilobytes each

export async function readEmoji(conversation: Id): Promise<void> {
  const found = await client().emoji(conversation);
  useApp.setState(({ emoji }) => ({ emoji: { ...emoji, [conversation]: found } }));
}
/** Of one that nobody has opened it is read when somebody does. */
export function emojiChanged(conversation: Id): void {
  if (useApp.getState().emoji[conversation]) {
    void readEmoji(conversation).catch(() => undefined);
  }
}
export function useEmoji(conversation: Id): ConversationEmoji[] {
  useEffect(() => void readEmoji(conversation).catch(() => undefined), [conversation]);
  return useApp((state) => state.emoji[conversation] ?? kNone);
}

export async function bringEmoji(conversation: Id, name: string, { content, dimensions }: EmojiFile): Promise<void> {
  await client().bringEmoji(conversation, name, content, dimensions);
  refreshSoon();
}
/** Deletes the message that brought it. */
export async function takeBackEmoji(conversation: Id, { broughtIn }: ConversationEmoji): Promise<void> {
  if (broughtIn === undefined) {
    throw new CoreError("client.not_yours", "denied", "only who has brought it takes it back");
  }
  await client().delete(conversation, broughtIn);
  refreshSoon();
}

const pictures = new Map<string, Promise<string>>();

/** The address of the picture; `of`: the message that shows it, else the conversation's set does. */
export function emojiUrl(conversation: Id, of: MessageRef | undefined, file: Id, still: boolean): Promise<string> {
  const key = `${file}${still ? " still" : ""}`;
  const known = pictures.get(key);
  const found = known ?? client().receiveEmoji(conversation, of, file).then(checkedEmoji)
    .then((picture) => (still ? stillOf(picture) : picture)).then((picture) => URL.createObjectURL(picture));
  pictures.delete(key);
  pictures.set(key, found);
  if (!known) {
    found.catch(() => pictures.delete(key)); // it may come with the next connection
    for (const [oldest, url] of [...pictures].slice(0, Math.max(0, pictures.size - kKept))) {
      pictures.delete(oldest);
      void url.then((address) => URL.revokeObjectURL(address), () => undefined);
    }
  }
  return found;
}
