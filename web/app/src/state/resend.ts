// A message that was given up, written once more: with all that belongs to it.
import { CoreError, type Draft, type FileToSend, type Message, type MessageRef } from "@core/types";
import { create } from "zustand";
import { kSmallCopyType } from "../lib/files";
import { write } from "./conversations";
import { client } from "./engine";
import { noteResent } from "./kept";

/** What was written, as the composer hands it over. */
export function draftOf({ text, threadRoot, replyTo, mentions, mentionsEveryone }: Message): Draft {
  return { text, mentions, mentionsEveryone, ...(threadRoot ? { threadRoot } : {}), ...(replyTo ? { replyTo } : {}) };
}

// The ciphertexts at the server are of the message that was given up: they go there anew, under keys of their own.
async function filesOf({ conversation, ref, attachments = [] }: Message): Promise<FileToSend[]> {
  const fetched = (index: number, thumbnail: boolean) => client().receiveFile(conversation, ref, index, crypto.randomUUID(), thumbnail);
  const files: FileToSend[] = [];
  for (const [index, { name, mediaType, dimensions, thumbnail }] of attachments.entries()) {
    files.push({
      transfer: crypto.randomUUID(), content: await fetched(index, false), name, mediaType, ...(dimensions ? { dimensions } : {}),
      ...(thumbnail ? { thumbnail: { content: await fetched(index, true), mediaType: kSmallCopyType, dimensions: thumbnail } } : {}),
    });
  }
  return files;
}

interface Resending {
  busy: boolean;
  /** Why the last attempt came to nothing; then nothing was queued. */
  error?: unknown;
}

/** Here, as a message that is scrolled away is not drawn. */
export const useResending = create<Record<MessageRef, Resending>>(() => ({}));

/** A further copy stands at the end of the conversation when it is queued; this one stays, as what has happened. */
export async function resend(message: Message): Promise<void> {
  const { ref, conversation, bringsEmoji } = message;
  if (useResending.getState()[ref]?.busy) {
    return;
  }
  const put = (state: Resending) => useResending.setState({ [ref]: state });
  put({ busy: true });
  try {
    const files = await filesOf(message);
    const [picture] = files;
    if (bringsEmoji === undefined) {
      await write(conversation, draftOf(message), files);
    } else if (picture?.dimensions) {
      await client().bringEmoji(conversation, bringsEmoji, new Blob([picture.content], { type: picture.mediaType }), picture.dimensions);
    } else {
      throw new CoreError("client.bad_emoji", "invalid", "its picture is not there");
    }
    noteResent(ref);
    put({ busy: false });
  } catch (error) {
    put({ busy: false, error });
  }
}
