// The keys of the whole application. Ctrl is Command on a Mac.
export const kIsMac = /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? "");
const kCommand = kIsMac ? "⌘" : "Ctrl";

export type ShortcutName = "palette" | "newConversation" | "search" | "next" | "previous" | "nextUnread" | "settings" | "help";

interface Shortcut {
  name: ShortcutName;
  /** As it is shown. */
  keys: string;
  matches(event: KeyboardEvent): boolean;
}

type Modifiers = { command?: boolean; shift?: boolean; alt?: boolean };
const on = (key: string, { command = false, shift = false, alt = false }: Modifiers) => (event: KeyboardEvent) =>
  event.key.toLowerCase() === key && (kIsMac ? event.metaKey : event.ctrlKey) === command && event.shiftKey === shift &&
  event.altKey === alt;

const isTyping = (event: KeyboardEvent) => {
  const target = event.target as HTMLElement | null;
  return target?.matches?.("input, textarea, select, [contenteditable]") ?? false;
};

export const kShortcuts: Shortcut[] = [
  { name: "palette", keys: `${kCommand}+K`, matches: on("k", { command: true }) },
  { name: "newConversation", keys: `${kCommand}+Shift+O`, matches: on("o", { command: true, shift: true }) },
  { name: "search", keys: `${kCommand}+Shift+F`, matches: on("f", { command: true, shift: true }) },
  { name: "next", keys: "Alt+↓", matches: on("arrowdown", { alt: true }) },
  { name: "previous", keys: "Alt+↑", matches: on("arrowup", { alt: true }) },
  { name: "nextUnread", keys: "Alt+Shift+↓", matches: on("arrowdown", { alt: true, shift: true }) },
  { name: "settings", keys: `${kCommand}+,`, matches: on(",", { command: true }) },
  { name: "help", keys: "?", matches: (event) => event.key === "?" && !isTyping(event) },
];

export const keysOf = (name: ShortcutName): string => kShortcuts.find((one) => one.name === name)?.keys ?? "";

/** The entry `step` places further, around the ends; from nowhere, the first or the last. */
export function neighbour<T>(list: readonly T[], current: T | undefined, step: 1 | -1): T | undefined {
  const at = current === undefined ? -1 : list.indexOf(current);
  return at < 0 ? list.at(step === 1 ? 0 : -1) : list[(at + step + list.length) % list.length];
}
