import type { Message, Notice } from "@core/types";
import { describe, expect, it } from "vitest";
import { noticeLine } from "../../src/lib/notices";
import { merged, badgeOf, rowsOf, withMessage } from "../../src/state/timeline";

const kMe = "me";
const kNoon = Date.parse("2026-03-04T12:00:00Z") * 1000;
const kMinute = 60_000_000;

function message(index: number, change: Partial<Message> = {}): Message {
  return {
    conversation: "c", index, id: `m${index}`, ref: `m${index}/d`, senderUser: "ann", senderDevice: "d", sentAt: kNoon + index * kMinute,
    receivedAt: null, seq: index + 1, state: "received", text: `text ${index}`, unreadBy: 0, ...change,
  } as Message;
}
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => message(from + at));
const indexes = (messages: Message[]) => messages.map(({ index }) => index);

describe("merged", () => {
  it("puts an older page before the window and a newer one behind it", () => {
    const window = merged(undefined, range(10, 15));
    expect(indexes(merged(window, range(5, 10)).messages)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    expect(indexes(merged(window, range(13, 18)).messages)).toEqual([10, 11, 12, 13, 14, 15, 16, 17]);
  });
  it("takes the page's messages where both have one", () => {
    const window = merged(undefined, range(0, 3));
    expect(merged(window, [message(1, { text: "new" })]).messages.map(({ text }) => text)).toEqual(["text 0", "new", "text 2"]);
  });
  it("never leaves a gap: a page that does not touch the window replaces it", () => {
    expect(indexes(merged(merged(undefined, range(0, 3)), range(9, 11)).messages)).toEqual([9, 10]);
  });
  it("keeps the window when there is nothing", () => {
    expect(indexes(merged(merged(undefined, range(0, 3)), []).messages)).toEqual([0, 1, 2]);
  });
});

describe("withMessage", () => {
  it("changes one and appends the next, and takes nothing beyond a gap", () => {
    const window = { messages: range(5, 8) };
    expect(withMessage(window, message(6, { state: "sent" })).messages[1]!.state).toBe("sent");
    expect(indexes(withMessage(window, message(8)).messages)).toEqual([5, 6, 7, 8]);
    expect(withMessage(window, message(10))).toBe(window);
    expect(withMessage(window, message(2))).toBe(window);
  });
});

describe("rowsOf", () => {
  const kinds = (messages: Message[], readSeq = Infinity) =>
    rowsOf({ messages }, { me: kMe, readSeq }).map((row) => (row.kind === "message" ? (row.first ? "first" : "next") : row.kind));

  it("groups what one person writes within minutes", () => {
    expect(kinds(range(1, 4))).toEqual(["day", "first", "next", "next"]);
    expect(kinds([message(1), message(2, { senderUser: "bob" })])).toEqual(["day", "first", "first"]);
    expect(kinds([message(1), message(2, { sentAt: kNoon + 20 * kMinute })])).toEqual(["day", "first", "first"]);
  });
  it("begins each day with a line", () => {
    expect(kinds([message(1), message(2, { sentAt: kNoon + 24 * 60 * kMinute })])).toEqual(["day", "first", "day", "first"]);
  });
  it("marks once where the unread ones of others begin", () => {
    expect(kinds(range(1, 4), 2)).toEqual(["day", "first", "unread", "first", "next"]);
    expect(kinds([message(1, { senderUser: kMe }), message(2)], 1)).toEqual(["day", "first", "unread", "first"]);
    expect(kinds([message(1, { senderUser: kMe })], 0)).toEqual(["day", "first"]);
  });
  it("shows the beginning only when it is loaded", () => {
    expect(kinds(range(0, 1))[0]).toBe("start");
    expect(kinds([])).toEqual(["start"]);
    expect(kinds(range(1, 2))).not.toContain("start");
  });
  it("gives every row a key of its own", () => {
    const rows = rowsOf({ messages: range(0, 50) }, { me: kMe, readSeq: 10 });
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  });
});

describe("lines about a group", () => {
  const notice = (index: number, kind: Notice["kind"], users: string[], change: Partial<Message> = {}) =>
    message(index, { state: "notice", text: "", notice: { kind, users, others: 0, name: "" }, ...change });
  const rows = (messages: Message[], readSeq = Infinity) => rowsOf({ messages }, { me: kMe, readSeq });
  const kinds = (messages: Message[], readSeq?: number) => rows(messages, readSeq).map((row) => row.kind);

  it("are one row when they tell the same of different people", () => {
    const some = [notice(1, "added", ["bob"]), notice(2, "added", ["cleo", "dan"]), notice(3, "added", ["eve"], { senderUser: "bob" }),
      notice(4, "joined", ["fay"], { senderUser: "fay" }), notice(5, "joined", ["gus"], { senderUser: "gus" }), notice(6, "renamed", []), notice(7, "renamed", [])];
    const lines = rows(some).flatMap((row) => (row.kind === "notice" ? [noticeLine(row.messages).users] : []));
    expect(lines).toEqual([["bob", "cleo", "dan"], ["eve"], ["fay", "gus"], [], []]);
  });
  it("stand apart on another day and with a message between them", () => {
    expect(kinds([notice(1, "left", ["bob"]), message(2), notice(3, "left", ["cleo"])])).toEqual(["day", "notice", "message", "notice"]);
    expect(kinds([notice(1, "left", ["bob"]), notice(2, "left", ["cleo"], { sentAt: kNoon + 24 * 60 * kMinute })])).toEqual(["day", "notice", "day", "notice"]);
  });
  it("are nothing unread, and end what one person wrote", () => {
    expect(kinds([message(1), notice(2, "left", ["bob"]), message(3)], 2)).toEqual(["day", "message", "notice", "unread", "message"]);
    expect(rows([message(1), notice(2, "left", ["bob"]), message(3)]).at(-1)).toMatchObject({ first: true });
  });
});

it("leaves replies to their threads", () => {
  const rows = rowsOf({ messages: [message(1), message(2, { threadRoot: "m1/d" })] }, { me: kMe, readSeq: Infinity });
  expect(rows.map(({ key }) => key)).toEqual(["day-1", "m1/d"]);
});

it("counts what the conversation's level lets through", () => {
  const some = { unread: 5, mentions: 2 };
  expect(badgeOf({ unread: 0, mentions: 0 }, "all", false)).toBe(0);
  expect(badgeOf(some, "all", false)).toBe(5);
  expect(badgeOf(some, "mentions", false)).toBe(2);
  expect(badgeOf(some, "none", false)).toBe(0);
  expect(badgeOf({ unread: 0, mentions: 0 }, "none", true)).toBe(1);
});
