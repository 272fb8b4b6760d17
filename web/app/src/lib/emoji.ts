// Names of emoji with pictures, in texts.

const kName = /:([a-z0-9_+-]{2,32}):/g;

export const isEmojiName = (name: string): boolean => /^[a-z0-9_+-]{2,32}$/.test(name);

/** What a file's name suggests. */
export const nameFromFile = (file: string): string =>
  file.replace(/\.[^.]*$/, "").toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[^a-z0-9_+-]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 32);

/** Cuts a text at the names that are known; a colon that ends none may begin one. */
export function cutAtEmoji(text: string, known: { has(name: string): boolean }): { text: string; name?: string }[] {
  const out: { text: string; name?: string }[] = [];
  let from = 0;
  kName.lastIndex = 0;
  for (let found = kName.exec(text); found !== null; found = kName.exec(text)) {
    if (known.has(found[1]!)) {
      out.push({ text: text.slice(from, found.index) }, { text: found[0], name: found[1]! });
      from = kName.lastIndex;
    } else {
      kName.lastIndex = found.index + found[0].length - 1;
    }
  }
  out.push({ text: text.slice(from) });
  return out.filter((part) => part.text !== "");
}

/** One to three, and nothing else. */
export function onlyEmoji(text: string, known: { has(name: string): boolean }): boolean {
  const parts = cutAtEmoji(text, known).filter((part) => part.name !== undefined || part.text.trim() !== "");
  return parts.length > 0 && parts.length <= 3 && parts.every(({ name }) => name !== undefined);
}
