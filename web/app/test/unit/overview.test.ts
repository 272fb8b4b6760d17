import { describe, expect, it } from "vitest";
import type { Overview } from "../../../packages/core/src/types";
import { same, withRows } from "../../src/lib/overview";

const row = (id: string, lastActivity: number | null, text = "") =>
  ({ conversation: { id, lastActivity }, peer: null, last: text === "" ? null : { text } }) as unknown as Overview;
const ids = (rows: Overview[]) => rows.map(({ conversation }) => conversation.id).join("");

describe("the list of conversations", () => {
  it("is made of all rows at first", () => {
    expect(ids(withRows([], [row("a", 3), row("b", 2), row("c", null)]))).toBe("abc");
  });
  it("stays the same list when nothing has changed", () => {
    const list = [row("a", 3)];
    expect(withRows(list, [])).toBe(list);
  });
  it("takes a changed row to its place, and leaves the others as they are", () => {
    const list = [row("a", 3), row("b", 2), row("c", 1)];
    const next = withRows(list, [row("c", 4, "new")]);
    expect(ids(next)).toBe("cab");
    expect(next[0]!.last).toEqual({ text: "new" });
    expect(next[1]).toBe(list[0]);
    expect(ids(withRows(list, [row("b", 2, "edited")]))).toBe("abc");
  });
  it("takes a new row in, and keeps to the order of those that are as old", () => {
    expect(ids(withRows([row("a", 3), row("b", 3), row("c", null)], [row("d", 3), row("e", 9)]))).toBe("eabdc");
  });
  it("knows what says the same", () => {
    expect(same({ a: [1, null] }, { a: [1, null] })).toBe(true);
    expect(same(null, { a: 1 })).toBe(false);
  });
});
