// What the screens keep on this device, sealed with the engine's records.
import type { Id, MessageRef } from "@core/types";
import { client, remoteClient } from "./engine";
import { useApp } from "./store";

const kPause = 400;
const kMostResent = 200;
const kMostChosen = 20;

/** When a conversation makes itself heard. */
export type Level = "all" | "mentions" | "none";

interface Kept {
  drafts: Record<string, string>;
  marked: Record<Id, number>;
  levels: Record<Id, Level>;
  shown: boolean;
  resent: MessageRef[];
  chosen: string[];
}

export async function restoreKept(): Promise<void> {
  const kept = await client().value("screens");
  const { drafts = {}, marked = {}, levels = {}, shown = true, resent = [], chosen = [] } = kept === undefined ? {} : (JSON.parse(kept) as Partial<Kept>);
  useApp.setState({ drafts, marked, levels, receipts: await client().sendsReceipts(), shown, resent, chosen });
}

let keeping: ReturnType<typeof setTimeout> | undefined;
export function keepSoon(): void {
  clearTimeout(keeping);
  keeping = setTimeout(() => {
    const { drafts, marked, levels, shown, resent, chosen } = useApp.getState();
    void remoteClient()?.client.putValue("screens", JSON.stringify({ drafts, marked, levels, shown, resent, chosen } satisfies Kept)).catch(() => undefined);
  }, kPause);
}

/** `place`: a conversation, or a thread in it. */
export function setDraft(place: string, text: string): void {
  if ((useApp.getState().drafts[place] ?? "") === text) {
    return;
  }
  useApp.setState(({ drafts }) => {
    const { [place]: _, ...others } = drafts;
    return { drafts: text.trim() === "" ? others : { ...others, [place]: text } };
  });
  keepSoon();
}

export function setLevel(conversation: Id, level: Level): void {
  useApp.setState(({ levels }) => ({ levels: { ...levels, [conversation]: level } }));
  keepSoon();
}

/** Shown as unread from this message on, on this device; until it is looked at again. */
export function markUnread(conversation: Id, seq: number): void {
  useApp.setState(({ marked }) => ({ marked: { ...marked, [conversation]: seq } }));
  keepSoon();
}
export function unmark(conversation: Id): void {
  if (useApp.getState().marked[conversation] !== undefined) {
    useApp.setState(({ marked }) => {
      const { [conversation]: _, ...others } = marked;
      return { marked: others };
    });
    keepSoon();
  }
}

/** It was given up, and written once more. */
export function noteResent(ref: MessageRef): void {
  useApp.setState(({ resent }) => ({ resent: [...resent, ref].slice(-kMostResent) }));
  keepSoon();
}

/** In the palette; the last comes first. */
export function noteChosen(id: string): void {
  useApp.setState(({ chosen }) => ({ chosen: [id, ...chosen.filter((other) => other !== id)].slice(0, kMostChosen) }));
  keepSoon();
}
