/** What a message may hold (docs/security.md), in bytes of UTF-8. */
export const kMaxText = 16 * 1024;

export function textSize(text: string): number {
  return text.length * 3 <= kMaxText ? text.length : new TextEncoder().encode(text).length;
}
