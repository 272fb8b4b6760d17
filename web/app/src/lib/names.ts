import type { TFunction } from "i18next";
import type { Overview, User } from "@core/types";

export function nameOf(user: User | null | undefined, unknown: string): string {
  return user?.displayName || user?.username || unknown;
}

export function titleOf({ conversation, peer }: Overview, t: TFunction): string {
  return conversation.kind === "group" ? conversation.name || t("people.unnamedGroup") : nameOf(peer, t("common.unknownPerson"));
}

/** Within a sentence, so that neither's writing direction turns the other: first strong isolate, Unicode TR9. */
export const apart = (text: string): string => `\u2068${text}\u2069`;

/** What its picture's colour and the reader's eye hold on to. */
export const faceOf = ({ conversation }: Overview): string =>
  conversation.kind === "group" ? conversation.id : conversation.peer;

/** One or two letters for a picture; whole characters, also of emoji and combining marks. */
export function initialsOf(name: string): string {
  const letters = (word: string) => [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(word)];
  const words = name.split(/[\s._-]+/).filter(Boolean);
  const first = words[0] ? letters(words[0])[0]?.segment : undefined;
  const last = words.length > 1 ? letters(words.at(-1)!)[0]?.segment : undefined;
  return ((first ?? "?") + (last ?? "")).toLocaleUpperCase();
}

/** One of the tokens --tint-0 to --tint-7, the same on every device. */
export function tintOf(id: string): number {
  let sum = 0;
  for (const character of id) {
    sum = (sum * 31 + character.charCodeAt(0)) >>> 0;
  }
  return sum % 8;
}

/** "Firefox on Linux", as a suggestion. */
export function suggestedDeviceName(agent: string): string {
  const browser = /Edg\//.test(agent) ? "Edge" : /Firefox\//.test(agent) ? "Firefox" : /Chrom(e|ium)\//.test(agent)
    ? "Chrome" : /Safari\//.test(agent) ? "Safari" : "Browser";
  const system = /Android/.test(agent) ? "Android" : /iPhone|iPad/.test(agent) ? "iOS" : /Mac OS X/.test(agent)
    ? "Mac" : /Windows/.test(agent) ? "Windows" : /CrOS/.test(agent) ? "ChromeOS" : /Linux/.test(agent) ? "Linux" : "";
  return system ? `${browser}, ${system}` : browser;
}
