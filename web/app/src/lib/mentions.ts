// Names in a text: whom they mean, and what is being typed.
import type { Id } from "@core/types";

const kName = /(^|[\s(])@([\p{L}\p{N}._-]*[\p{L}\p{N}_])/gu;
export const kEveryone = "all";

type Sign = "@" | "/" | ":";
const kBegun: Record<Sign, RegExp> = {
  "@": /(?<=^|[\s(])@[\p{L}\p{N}._-]*$/u,
  "/": /^\/\S*$/u,
  ":": /(?<=^|[\s(]):[a-z0-9_+-]{1,32}$/u, // an emoji; a colon alone is none yet
};

export interface Named {
  id: Id;
  username: string;
  displayName?: string;
}

/** Whether the user name, or a word of what the person is called, begins like that. */
export function beginsLike({ username, displayName = "" }: Named, begun: string): boolean {
  const wanted = begun.toLowerCase();
  return [username, ...displayName.split(/[\s-]+/)].some((word) => word.toLowerCase().startsWith(wanted));
}

export function mentionsIn(text: string, people: readonly Named[]): { mentions: Id[]; mentionsEveryone: boolean } {
  const names = new Set([...text.matchAll(kName)].map(([, , name]) => name!.toLowerCase()));
  return {
    mentions: people.filter(({ username }) => names.has(username.toLowerCase())).map(({ id }) => id),
    mentionsEveryone: names.has(kEveryone),
  };
}

/** The word before the cursor that begins with one of the signs, without it. */
export function wordAt(text: string, cursor: number, ...signs: Sign[]): { from: number; word: string; sign: Sign } | undefined {
  const before = text.slice(0, cursor);
  for (const sign of signs) {
    const from = before.search(kBegun[sign]);
    if (from >= 0) {
      return { from, word: before.slice(from + 1), sign };
    }
  }
  return undefined;
}

/** Cuts a text at the names that are meant. */
export function cutAtNames(text: string, names: ReadonlySet<string>): { text: string; named: boolean }[] {
  const out: { text: string; named: boolean }[] = [];
  let from = 0;
  for (const found of text.matchAll(kName)) {
    if (names.has(found[2]!.toLowerCase())) {
      const at = found.index + found[1]!.length;
      out.push({ text: text.slice(from, at), named: false }, { text: `@${found[2]}`, named: true });
      from = at + found[2]!.length + 1;
    }
  }
  out.push({ text: text.slice(from), named: false });
  return out.filter((part) => part.text !== "");
}
