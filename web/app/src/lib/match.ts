const plain = (text: string) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();

/** Whether every word of `wanted` begins a word of `text`, or stands within it; accents and case aside. */
export function matches(text: string, wanted: string): boolean {
  const content = plain(text);
  return plain(wanted).split(/\s+/).every((word) => content.includes(word));
}
