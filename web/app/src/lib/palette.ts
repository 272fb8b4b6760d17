// What the palette lists, and in which order. Pure.
import type { ReactNode } from "react";
import { find } from "./fuzzy";

export type Kind = "person" | "group" | "channel" | "space" | "thread" | "setting" | "action" | "search";
export type Only = "people" | "channels" | "actions";

export interface Item {
  /** The same each time: what was chosen before comes first. */
  id: string;
  kind: Kind;
  title: string;
  /** Shown beside it. */
  beside?: string | undefined;
  /** Found by this, too. */
  also?: string | undefined;
  picture: ReactNode;
  keys?: string | undefined;
  /** Stands at the end, whatever was typed. */
  last?: boolean;
  /** Offered before anything is typed. */
  offered?: boolean;
  run(): unknown;
}

/** With this as the first letter only those are listed. */
export const kSigns: Readonly<Record<string, Only>> = { "@": "people", "#": "channels", ">": "actions" };
export const kKinds: Record<Only, readonly Kind[]> = {
  people: ["person"], channels: ["channel", "group", "space"], actions: ["action", "setting"],
};

export interface Group {
  name: "recent" | "places" | "commands" | "found";
  found: { item: Item; places: ReadonlySet<number> }[];
}

const kNone: ReadonlySet<number> = new Set();
const kAlso = 25; // how much less it counts to be found beside the title
const kRecent = 12; // how much more it counts to have been chosen last; less for those before
const kOffered = 8; // conversations

/** `items` come with the newest conversation first. `recent`: ids, the last chosen first. */
export function ranked(items: readonly Item[], { words, kinds, recent, most }: {
  words: string;
  kinds?: readonly Kind[] | undefined;
  recent: readonly string[];
  most: number;
}): Group[] {
  const wanted = kinds ? items.filter(({ kind }) => kinds.includes(kind)) : items;
  const groups = words === "" ? offered(wanted, recent, kinds !== undefined) : [{ name: "found" as const, found: matching(wanted, words, recent) }];
  return groups.map(({ name, found }) => ({ name, found: found.slice(0, most) })).filter(({ found }) => found.length > 0);
}

function offered(items: readonly Item[], recent: readonly string[], all: boolean): Group[] {
  const plain = (found: readonly Item[]) => found.map((item) => ({ item, places: kNone }));
  const chosen = recent.flatMap((id) => items.find((item) => item.id === id) ?? []).slice(0, 5);
  const rest = items.filter((item) => !chosen.includes(item));
  const isCommand = ({ kind }: Item) => kind === "action" || kind === "setting";
  return [
    { name: "recent", found: plain(chosen) },
    { name: "places", found: plain(rest.filter((item) => !isCommand(item) && (all || item.offered)).slice(0, all ? undefined : kOffered)) },
    { name: "commands", found: plain(rest.filter((item) => isCommand(item) && (all || item.offered))) },
  ];
}

function matching(items: readonly Item[], words: string, recent: readonly string[]): Group["found"] {
  const found = items.flatMap((item) => {
    if (item.last) {
      return [{ item, places: kNone, score: -1 }];
    }
    const title = find(item.title, words);
    // Words may stand partly in the title, partly beside it.
    const whole = title ?? find(`${item.title} ${item.also ?? ""}`, words);
    if (!whole) {
      return [];
    }
    const at = recent.indexOf(item.id);
    const score = whole.score - (title ? 0 : kAlso) + (at < 0 ? 0 : kRecent / (at + 1));
    return [{ item, places: new Set([...whole.places].filter((place) => place < item.title.length)), score: Math.max(0, score) }];
  });
  return found.sort((a, b) => b.score - a.score); // stable: the newest first among equals
}
