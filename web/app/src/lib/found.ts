// Which parts of a text are what was looked for.

export interface Part {
  text: string;
  found: boolean;
}

const kFilters = /^has:/i;

/** The words of a search, without what says where to look. */
export const wordsOf = (wanted: string): string[] => wanted.split(/\s+/).filter((word) => word !== "" && !kFilters.test(word));

/** Cuts the text where the words stand, without regard to case, as the core has found them. */
export function cutAtFound(text: string, words: readonly string[]): Part[] {
  if (words.length === 0) {
    return text === "" ? [] : [{ text, found: false }];
  }
  // The longest first: of two that begin alike it is the one that is marked.
  const signs = [...words].sort((a, b) => b.length - a.length).map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return text.split(new RegExp(`(${signs.join("|")})`, "giu")).map((part, at) => ({ text: part, found: at % 2 === 1 })).filter((part) => part.text !== "");
}
