// Names in a text: whom they mean, and what is being typed.
import type { Id } from "@core/types";

const kName = /(^|[\s(])@([\p{L}\p{N}._-]*[\p{L}\p{N}_])/gu;
export const kEveryone = "all";

export interface Named {
  id: Id;
  username: string;
}

export function mentionsIn(text: string, people: readonly Named[]): { mentions: Id[]; mentionsEveryone: boolean } {
  const names = new Set([...text.matchAll(kName)].map(([, , name]) => name!.toLowerCase()));
  return {
    mentions: people.filter(({ username }) => names.has(username.toLowerCase())).map(({ id }) => id),
    mentionsEveryone: names.has(kEveryone),
  };
}

/** The word before the cursor that begins with the sign, without it. */
export function wordAt(text: string, cursor: number, sign: "@" | "/"): { from: number; word: string } | undefined {
  const before = text.slice(0, cursor);
  const from = sign === "/" ? (before.startsWith("/") ? 0 : -1) : before.search(/(?<=^|[\s(])@[\p{L}\p{N}._-]*$/u);
  const word = from < 0 ? "" : before.slice(from + 1);
  return from < 0 || /\s/.test(word) ? undefined : { from, word };
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
