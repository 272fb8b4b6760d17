import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Rest } from "@core/rest";
import type { RestRequest, Transport } from "@core/transport";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A network that drops everything: nothing ever answers, and nothing says so. */
function silent() {
  const asked: RestRequest[] = [];
  const transport: Transport = {
    request: (request) => new Promise((_, reject) => {
      asked.push(request);
      if (request.signal?.aborted) {
        reject(new Error("aborted"));
      }
      request.signal?.addEventListener("abort", () => reject(new Error("aborted")));
    }),
    connect: () => {
      throw new Error("not here");
    },
  };
  return { asked, rest: new Rest("https://server", transport) };
}
const outcomeOf = (promise: Promise<unknown>) => promise.then(() => "done", (error: { kind?: string }) => error.kind);

test("a request that nobody answers ends, and may be tried again", async () => {
  const { rest } = silent();
  const ended = outcomeOf(rest.displayName("token"));
  await vi.advanceTimersByTimeAsync(59_000);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await ended).toBe("timeout");
  expect(vi.getTimerCount()).toBe(0);
});

test("a part of a file has as long as a slow line needs, and is called off by its own signal", async () => {
  const { rest, asked } = silent();
  const cancel = new AbortController();
  const ended = outcomeOf(rest.putPart("token", "id", 0, new Uint8Array(8), cancel.signal));
  await vi.advanceTimersByTimeAsync(120_000);
  expect(asked[0]!.signal!.aborted).toBe(false);
  cancel.abort();
  expect(await ended).toBe("unavailable"); // whoever called it off knows
  const slow = outcomeOf(rest.downloadRange("token", "id", 0, 8, new AbortController().signal));
  await vi.advanceTimersByTimeAsync(601_000);
  expect(await slow).toBe("timeout");
  const before = new AbortController();
  before.abort();
  expect(await outcomeOf(rest.putPart("token", "id", 0, new Uint8Array(8), before.signal))).not.toBe("done");
});
