import { describe, expect, it } from "vitest";
import { find } from "../../src/lib/fuzzy";

const best = (texts: string[], wanted: string) =>
  texts.map((text) => ({ text, found: find(text, wanted) })).filter(({ found }) => found)
    .sort((a, b) => b.found!.score - a.found!.score).map(({ text }) => text);
const shown = (text: string, wanted: string) => [...(find(text, wanted)?.places ?? [])].map((at) => text[at]).join("");

describe("what was meant by a few letters", () => {
  it("is found at the beginning of the text, then of a word, then within", () => {
    expect(best(["updates", "The dates", "date"], "date")).toEqual(["date", "The dates", "updates"]);
  });
  it("is found by the beginnings of words, and with letters left out", () => {
    expect(find("Release team", "rt")).toBeDefined();
    expect(find("Release team", "rete")).toBeDefined();
    expect(best(["Garden party", "Release team"], "rt")).toEqual(["Release team", "Garden party"]);
    expect(find("gateway", "gtwy")).toBeDefined();
    expect(find("gateway", "yawg")).toBeUndefined();
    expect(find("a long text with many letters in it", "oeht")).toBeUndefined(); // not scattered over all of it
  });
  it("needs every word, in any order", () => {
    expect(find("Settings of the channel", "channel set")).toBeDefined();
    expect(find("Settings of the channel", "channel space")).toBeUndefined();
  });
  it("looks over case, accents, and how a letter is encoded", () => {
    expect(find("Ärger im Büro", "arger buro")).toBeDefined();
    expect(find("Ré́sumé", "RESUME")).toBeDefined();
    expect(find("Straße", "strasse")).toBeDefined();
    expect(find("İstanbul", "istanbul")).toBeDefined();
  });
  it("says where it stands, also behind letters of two halves and marks", () => {
    expect(shown("🎉 Release team", "rt")).toBe("Rt");
    expect(shown("Büro", "ro")).toBe("ro");
    expect(shown("gateway", "gtwy")).toBe("gtwy");
  });
  it("finds everything by nothing, and nothing by what is not there", () => {
    expect(find("anything", " ")).toEqual({ score: 0, places: new Set() });
    expect(find("", "a")).toBeUndefined();
  });
  it("takes its time for no text", () => {
    const start = performance.now();
    find("ab ".repeat(2000), "abababababababababababababx");
    find("a a a a a a a a a a a a a a a a a a a a a a a a a a a", "aaaaaaaaaaaaaaaaaaaaaaaaab");
    expect(performance.now() - start).toBeLessThan(200);
  });
});
