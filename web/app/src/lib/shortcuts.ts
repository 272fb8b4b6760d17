// The keys of the whole application. Ctrl is Command on a Mac.
export const kIsMac = /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? "");
const kCommand = kIsMac ? "⌘" : "Ctrl";

export type ShortcutName =
  | "palette" | "newConversation" | "search" | "searchMessages" | "channels" | "threads" | "next" | "previous" | "nextUnread" | "previousUnread"
  | "settings" | "help" | "details" | "day" | "attach" | "emoji" | "toMessages";
export type MessageKey = "react" | "replyInThread" | "quote" | "edit" | "copyText" | "copyLink" | "markUnread" | "readers" | "earlierTexts" | "delete";

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

const isTyping = (event: KeyboardEvent, least = 0) => {
  const target = event.target as HTMLInputElement | null;
  return (target?.matches?.("input, textarea, select, [contenteditable]") ?? false) && (target?.value ?? "x").length >= least;
};

const command = (name: ShortcutName, key: string, shift = true): Shortcut =>
  ({ name, keys: `${kCommand}+${shift ? "Shift+" : ""}${key.toUpperCase()}`, matches: on(key, { command: true, shift }) });

export const kShortcuts: Shortcut[] = [
  command("palette", "k", false),
  command("newConversation", "o"),
  command("search", "f"),
  command("searchMessages", "s"),
  command("channels", "l"),
  command("threads", "h"),
  { name: "next", keys: "Alt+↓", matches: on("arrowdown", { alt: true }) },
  { name: "previous", keys: "Alt+↑", matches: on("arrowup", { alt: true }) },
  { name: "nextUnread", keys: "Alt+Shift+↓", matches: on("arrowdown", { alt: true, shift: true }) },
  { name: "previousUnread", keys: "Alt+Shift+↑", matches: on("arrowup", { alt: true, shift: true }) },
  { name: "settings", keys: `${kCommand}+,`, matches: on(",", { command: true }) },
  { name: "help", keys: "?", matches: (event) => event.key === "?" && !isTyping(event) },
  command("details", "d"),
  command("day", "j", false),
  command("attach", "u", false),
  { name: "emoji", keys: `${kCommand}+.`, matches: on(".", { command: true }) },
  { name: "toMessages", keys: `${kCommand}+↑`, matches: (event) => on("arrowup", { command: true })(event) && !isTyping(event, 1) },
];

export const keysOf = (name: ShortcutName): string => kShortcuts.find((one) => one.name === name)?.keys ?? "";

/** On a message that has the focus; plain letters, so that no browser has them for itself. */
export const kMessageKeys: Record<MessageKey, string> = {
  react: "+", replyInThread: "T", quote: "Q", edit: "E", copyText: "C", copyLink: "L", markUnread: "U", readers: "R", earlierTexts: "V", delete: "Del",
};
const kPressed: Record<string, string> = { delete: "del" };

/** What the key does on a message. */
export function messageKey({ key, ctrlKey, altKey, metaKey }: Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey" | "metaKey">): MessageKey | undefined {
  if (ctrlKey || altKey || metaKey) {
    return undefined;
  }
  const pressed = kPressed[key.toLowerCase()] ?? key.toLowerCase();
  return (Object.keys(kMessageKeys) as MessageKey[]).find((name) => kMessageKeys[name].toLowerCase() === pressed);
}

/** The list as it is shown: everywhere, in a conversation, where one writes, on a message. */
export const kSections = [
  { title: "everywhere", names: ["palette", "newConversation", "search", "searchMessages", "channels", "threads", "next", "previous", "nextUnread", "previousUnread", "settings", "help", "close"] },
  { title: "conversation", names: ["details", "day", "toMessages"] },
  { title: "writing", names: ["send", "newLine", "editLast", "attach", "emoji", "mention", "named", "slash"] },
  { title: "message", names: ["walk", "menu", "react", "replyInThread", "quote", "edit", "copyText", "copyLink", "markUnread", "readers", "earlierTexts", "delete"] },
] as const;

const kFixed: Record<string, string> = {
  send: "Enter", newLine: "Shift+Enter", close: "Esc", editLast: "↑", mention: "@", named: ":", slash: "/", walk: "↑ ↓", menu: "Enter",
};
/** Of any row of the list. */
export const shownKeys = (name: string): string => kFixed[name] ?? (kMessageKeys as Record<string, string>)[name] ?? keysOf(name as ShortcutName);

/** The entry `step` places further, around the ends; from nowhere, the first or the last. */
export function neighbour<T>(list: readonly T[], current: T | undefined, step: 1 | -1): T | undefined {
  const at = current === undefined ? -1 : list.indexOf(current);
  return at < 0 ? list.at(step === 1 ? 0 : -1) : list[(at + step + list.length) % list.length];
}
