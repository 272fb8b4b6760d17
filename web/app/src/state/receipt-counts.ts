// How many have read what is on the screen, in groups that are too large to name the readers.
import { useEffect } from "react";
import type { Id, Message, ReceiptCount } from "@core/types";
import { makeWatching } from "../lib/watching";
import { remoteClient } from "./engine";
import { useApp } from "./store";

const kMost = 50; // the engine takes no more

// Where two conversations are drawn in one moment, one is on its way out: the other comes last.
const watch = makeWatching((shown) => {
  const conversation = latest;
  const seqs = shown.map((key) => key.split(" ")).filter(([id]) => id === conversation).map(([, seq]) => Number(seq));
  void remoteClient()?.client.watchReceipts(conversation, seqs.sort((a, b) => b - a).slice(0, kMost)).catch(() => undefined);
});
let latest: Id = "";

/** The counts of an own message come for as long as it is drawn. */
export function useReceiptCounts({ conversation, seq, state }: Message): void {
  const sent = state === "sent" && seq > 0;
  useEffect(() => {
    if (!sent) {
      return undefined;
    }
    latest = conversation;
    return watch(`${conversation} ${seq}`);
  }, [conversation, seq, sent]);
}

export function receiptCountsChanged(conversation: Id, counts: ReceiptCount[]): void {
  const bySeq = new Map(counts.map((count) => [count.seq, count]));
  const counted = (message: Message): Message => {
    const count = message.seq > 0 ? bySeq.get(message.seq) : undefined;
    return count ? { ...message, deliveredTo: count.delivered, readBy: count.read, receiptsOf: count.people } : message;
  };
  useApp.setState(({ windows, thread }) => ({
    windows: windows[conversation] ? { ...windows, [conversation]: { messages: windows[conversation].messages.map(counted) } } : windows,
    thread: thread?.conversation === conversation ? { ...thread, messages: thread.messages.map(counted) } : thread,
  }));
}

/** The message as it is now, where one was taken along a while ago. */
export function useNewest(message: Message): Message {
  return useApp(({ windows, thread }) => windows[message.conversation]?.messages.find(({ ref }) => ref === message.ref)
    ?? thread?.messages.find(({ ref }) => ref === message.ref) ?? message);
}
