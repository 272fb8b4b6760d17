import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeAttention } from "../../src/lib/attention";
import { makeWatching } from "../../src/lib/watching";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a person at the page", () => {
  const follow = () => {
    const told: boolean[] = [];
    const attention = makeAttention((gone) => told.push(gone), 5000, 1000);
    attention.seen(true);
    return { told, attention };
  };
  it("goes when nothing is heard for a while, and comes back with the next key", () => {
    const { told, attention } = follow();
    vi.advanceTimersByTime(4900);
    attention.heard();
    vi.advanceTimersByTime(4900);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(told).toEqual([true]);
    attention.heard();
    attention.heard();
    expect(told).toEqual([true, false]);
  });
  it("goes sooner when the page is out of sight, but not for a glance elsewhere", () => {
    const { told, attention } = follow();
    attention.seen(false);
    vi.advanceTimersByTime(900);
    attention.seen(true);
    vi.advanceTimersByTime(900);
    expect(told).toEqual([]);
    attention.seen(false);
    attention.heard(); // of a page that nobody sees
    vi.advanceTimersByTime(1100);
    expect(told).toEqual([true]);
    attention.seen(true);
    expect(told).toEqual([true, false]);
    attention.stop();
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual([true, false]);
  });
});

describe("people on the screen", () => {
  it("are told together, once for each change, however often they are drawn", () => {
    const told: string[][] = [];
    const watch = makeWatching((users) => told.push(users), 100);
    const first = watch("b");
    const again = watch("b");
    const other = watch("a");
    vi.advanceTimersByTime(100);
    expect(told).toEqual([["a", "b"]]);
    first();
    other();
    watch("a");
    vi.advanceTimersByTime(100);
    expect(told).toEqual([["a", "b"]]);
    again();
    vi.advanceTimersByTime(100);
    expect(told).toEqual([["a", "b"], ["a"]]);
  });
});
