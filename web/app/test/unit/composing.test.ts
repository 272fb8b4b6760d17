import { afterEach, describe, expect, it, vi } from "vitest";
import { startOfDay } from "../../src/lib/dates";
import { fitted, isPicture, sizeOf } from "../../src/lib/files";
import { kSlashes, parseSlash, slashesFor } from "../../src/lib/slash";
import { makeTyping } from "../../src/lib/typing";

describe("texts with a slash", () => {
  it("are commands by their whole name, in the places that know them", () => {
    expect(parseSlash("/mute", false)).toEqual({ kind: "command", name: "mute", words: "" });
    expect(parseSlash("/topic  a new\ntopic ", true)).toEqual({ kind: "command", name: "topic", words: "a new\ntopic" });
    expect(parseSlash("/topic x", false)).toEqual({ kind: "unknown", name: "topic" });
    expect(parseSlash("/mut", true)).toEqual({ kind: "unknown", name: "mut" });
    expect(parseSlash("/mute now", true)).toEqual({ kind: "unknown", name: "mute" });
    expect(parseSlash("/invite  ", true)).toEqual({ kind: "incomplete", name: "invite" });
  });
  it("are texts when that is meant", () => {
    for (const text of ["/usr/bin is a path", "/", "/ 2", "1/2", "/Größe"]) {
      expect(parseSlash(text, true)).toEqual({ kind: "text", text });
    }
    expect(parseSlash("//mute is a command", true)).toEqual({ kind: "text", text: "/mute is a command" });
  });
  it("are completed while the name is typed", () => {
    expect(slashesFor("/", true)).toHaveLength(kSlashes.length);
    expect(slashesFor("/m", false).map(({ name }) => name)).toEqual(["mute", "mentions"]);
    expect(slashesFor("/mute ", false)).toEqual([]);
    expect(slashesFor("a /m", false)).toEqual([]);
  });
});

describe("typing", () => {
  afterEach(() => vi.useRealTimers());
  it("is told at once, then now and then, and its end once", () => {
    vi.useFakeTimers();
    const told: boolean[] = [];
    const typing = makeTyping((active) => told.push(active));
    typing.heard(true);
    typing.heard(true);
    expect(told).toEqual([true]);
    vi.advanceTimersByTime(2100);
    typing.heard(true);
    expect(told).toEqual([true, true]);
    typing.heard(false);
    typing.stop();
    expect(told).toEqual([true, true, false]);
  });
  it("ends by itself when nothing more comes", () => {
    vi.useFakeTimers();
    const told: boolean[] = [];
    makeTyping((active) => told.push(active)).heard(true);
    vi.advanceTimersByTime(6000);
    expect(told).toEqual([true, false]);
  });
});

describe("files", () => {
  it("have sizes that people read", () => {
    expect([0, 1, 999].map((bytes) => sizeOf(bytes, "en"))).toEqual(["0 bytes", "1 byte", "999 bytes"]);
    expect(sizeOf(1500, "en")).toBe("2 kB");
    expect(sizeOf(1_440_000, "de")).toBe("1,4 MB");
    expect(sizeOf(5e12, "en")).toBe("5,000 GB");
  });
  it("are shown only when they are pictures without script", () => {
    expect(["image/png", "IMAGE/JPEG", "image/webp; q=1"].every(isPicture)).toBe(true);
    expect(["image/svg+xml", "text/html", "", "image/", "application/pdf"].some(isPicture)).toBe(false);
  });
  it("fit into their box in their own proportions", () => {
    expect(fitted({ width: 4000, height: 1000 }, { width: 400, height: 300 })).toEqual({ width: 400, height: 100 });
    expect(fitted({ width: 10, height: 20 }, { width: 400, height: 300 })).toEqual({ width: 10, height: 20 });
    expect(fitted({ width: 10_000, height: 1 }, { width: 100, height: 100 })).toEqual({ width: 100, height: 1 });
  });
});

describe("a day", () => {
  it("begins at midnight here", () => {
    expect(startOfDay("2026-11-27")).toBe(new Date(2026, 10, 27).getTime() * 1000);
  });
  it("is none when the calendar has no such day", () => {
    for (const day of ["", "2026-11-31", "2026-13-01", "27.11.2026", "2026-11-27x"]) {
      expect(startOfDay(day), day).toBeUndefined();
    }
  });
});
