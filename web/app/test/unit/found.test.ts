import { expect, test } from "vitest";
import { cutAtFound, wordsOf } from "../../src/lib/found";

const marked = (text: string, wanted: string) => cutAtFound(text, wordsOf(wanted)).map(({ text: part, found }) => (found ? `<${part}>` : part)).join("");

test("the words that were looked for are marked, in any case and within words", () => {
  expect(marked("The red House", "house RED")).toBe("The <red> <House>");
  expect(marked("warehouses", "house")).toBe("ware<house>s");
  expect(marked("Über Ülzen ÜBER", "über")).toBe("<Über> Ülzen <ÜBER>");
  expect(marked("nothing of it", "else")).toBe("nothing of it");
});

test("filters are no words, and signs of patterns stand for themselves", () => {
  expect(wordsOf("  plan has:file  Has:FILE ")).toEqual(["plan"]);
  expect(marked("has:file 1.5 (x|y) 145", "has:file 1.5 (x|y)")).toBe("has:file <1.5> <(x|y)> 145");
  expect(marked("a-b [c] /d\\", "a-b [c] /d\\")).toBe("<a-b> <[c]> </d\\>");
  expect(marked("anything", "")).toBe("anything");
  expect(cutAtFound("", [])).toEqual([]);
});

test("of words that begin alike the longest is marked", () => {
  expect(marked("plan planning", "plan planning")).toBe("<plan> <planning>");
});
