import { describe, expect, it } from "vitest";
import { cutAtEmoji, isEmojiName, nameFromFile, onlyEmoji } from "../../src/lib/emoji";
import { wordAt } from "../../src/lib/mentions";
import { mayMove, typeOfEmoji } from "../../src/lib/picture-size";

const known = new Set(["ok", "parrot"]);
const names = (text: string) => cutAtEmoji(text, known).map(({ name, text }) => name ?? text);

describe("emoji in a text", () => {
  it("are those that are known, and everything else is text", () => {
    expect(names("a :parrot: b")).toEqual(["a ", "parrot", " b"]);
    expect(names(":ok::ok:")).toEqual(["ok", "ok"]);
    expect(names("10:30:ok:")).toEqual(["10:30", "ok"]);
    expect(names(":goose:")).toEqual([":goose:"]);
    expect(names("")).toEqual([]);
    expect(names("::ok::")).toEqual([":", "ok", ":"]);
    expect(cutAtEmoji(":ok:", known)[0]!.text).toBe(":ok:");
  });
  it("alone are at most three", () => {
    expect(onlyEmoji(":ok: :parrot:", known)).toBe(true);
    expect(onlyEmoji(":ok: yes", known)).toBe(false);
    expect(onlyEmoji(":ok::ok::ok::ok:", known)).toBe(false);
    expect(onlyEmoji("  ", known)).toBe(false);
  });
  it("are completed from their second character", () => {
    expect(wordAt("so :pa", 6, "@", ":")).toEqual({ from: 3, word: "pa", sign: ":" });
    expect(wordAt("so :", 4, "@", ":")).toBeUndefined();
    expect(wordAt("10:30", 5, "@", ":")).toBeUndefined();
    expect(wordAt("@an", 3, "@", ":")).toEqual({ from: 0, word: "an", sign: "@" });
  });
});

describe("names", () => {
  it("come from files", () => {
    expect(nameFromFile("Party Parrot (1).png")).toBe("party_parrot_1");
    expect(nameFromFile("Äpfel.gif")).toBe("apfel");
    expect(isEmojiName("+1")).toBe(true);
    expect(isEmojiName("x")).toBe(false);
  });
});

describe("pictures", () => {
  const head = (...parts: (string | number[])[]) => Uint8Array.from(parts.flatMap((part) => typeof part === "string" ? [...part].map((c) => c.charCodeAt(0)) : part)).buffer;
  it("are what their first bytes say", () => {
    expect(typeOfEmoji(head("GIF89a"))).toBe("image/gif");
    expect(typeOfEmoji(head([0x89], "PNG"))).toBe("image/png");
    expect(typeOfEmoji(head("RIFF", [0, 0, 0, 0], "WEBPVP8 "))).toBe("image/webp");
    expect(typeOfEmoji(head("<svg>"))).toBeUndefined();
  });
  it("move, or do not", () => {
    const webp = (flags: number) => head("RIFF", [0, 0, 0, 0], "WEBPVP8X", [10, 0, 0, 0], [flags, 0, 0, 0]);
    expect(mayMove(webp(2))).toBe(true);
    expect(mayMove(webp(0x10))).toBe(false);
    expect(mayMove(head("GIF89a"))).toBe(true);
    expect(mayMove(head([0x89], "PNG"))).toBe(false);
  });
});
