// What a text that begins with a slash does. Pure: the composer carries it out.
export type SlashName = "invite" | "topic" | "rename" | "leave" | "mute" | "mentions" | "unmute" | "day" | "search" | "shrug";

interface Slash {
  name: SlashName;
  /** Only in groups and channels. */
  grouped: boolean;
  /** Whether words may follow, or have to. */
  words: "none" | "optional" | "needed";
}

export const kSlashes: readonly Slash[] = [
  { name: "invite", grouped: true, words: "needed" },
  { name: "topic", grouped: true, words: "optional" },
  { name: "rename", grouped: true, words: "needed" },
  { name: "leave", grouped: true, words: "none" },
  { name: "mute", grouped: false, words: "none" },
  { name: "mentions", grouped: false, words: "none" },
  { name: "unmute", grouped: false, words: "none" },
  { name: "day", grouped: false, words: "needed" },
  { name: "search", grouped: false, words: "needed" },
  { name: "shrug", grouped: false, words: "optional" },
];

const of = (grouped: boolean) => kSlashes.filter((one) => grouped || !one.grouped);

/** Those that begin like what was typed; none once a word follows. */
export const slashesFor = (text: string, grouped: boolean): Slash[] =>
  /^\/[a-z]*$/.test(text) ? of(grouped).filter(({ name }) => name.startsWith(text.slice(1))) : [];

export type Parsed =
  | { kind: "text"; text: string }
  | { kind: "command"; name: SlashName; words: string }
  | { kind: "unknown" | "incomplete"; name: string };

/** "//" is a slash that is meant; so is a path like "/usr/bin". */
export function parseSlash(text: string, grouped: boolean): Parsed {
  if (text.startsWith("//")) {
    return { kind: "text", text: text.slice(1) };
  }
  const [, name, words = ""] = /^\/([a-z]+)(?:\s+([^]*))?$/.exec(text) ?? [];
  if (name === undefined) {
    return { kind: "text", text };
  }
  const known = of(grouped).find((one) => one.name === name);
  if (!known || (known.words === "none" && words !== "")) {
    return { kind: "unknown", name };
  }
  return known.words === "needed" && words.trim() === "" ? { kind: "incomplete", name } : { kind: "command", name: known.name, words: words.trim() };
}
