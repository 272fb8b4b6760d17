import type { Message, Overview, User } from "@core/types";
import i18next from "i18next";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { de } from "../../src/i18n/de";
import { en } from "../../src/i18n/en";

const told: { title: string; options: { body: string; tag: string; data: { path: string } } }[] = [];
const inEngine = new Map<string, Partial<Message>>();
vi.mock("../../src/state/engine", () => ({
  client: () => ({ message: async (_: string, ref: string) => inEngine.get(ref) ?? null, user: async () => null }),
  remoteClient: () => undefined,
}));
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });

const { notifyAbout, isWanted } = await import("../../src/lib/notify");
const { arrived } = await import("../../src/state/arrivals");
const { usePreferences } = await import("../../src/state/preferences");
const { useApp } = await import("../../src/state/store");

const message = (change: Partial<Message> = {}): Message => ({
  conversation: "c", senderUser: "ann", text: "the *news*", mentions: [], mentionsEveryone: false, state: "received", deleted: false, reactions: [],
  ...change,
}) as Message;
const ann = { id: "ann", username: "ann", displayName: "Ann L." } as User;
const channel = { conversation: { id: "c", kind: "group", name: "news" }, peer: null, last: null } as unknown as Overview;
const pair = { conversation: { id: "c", kind: "pair" }, peer: ann, last: null } as unknown as Overview;
const arrival = (of: Partial<Message> = {}, change: object = {}) =>
  ({ message: message(of), sender: ann, place: channel, level: "all" as const, me: "me", ...change });
const settle = () => new Promise((resolve) => setImmediate(resolve));
const notified = async (...of: Parameters<typeof arrival>) => {
  told.length = 0;
  notifyAbout(arrival(...of));
  await settle();
  return told.length;
};

beforeAll(() => i18next.init({ lng: "en", resources: { en: { translation: en }, de: { translation: de } }, interpolation: { escapeValue: false }, showSupportNotice: false }));
beforeEach(() => {
  told.length = 0;
  inEngine.clear();
  vi.stubGlobal("document", { visibilityState: "hidden" });
  vi.stubGlobal("Notification", { permission: "granted" });
  vi.stubGlobal("navigator", { serviceWorker: { getRegistration: async () => ({ showNotification: (title: string, options: never) => void told.push({ title, options }) }) } });
  usePreferences.setState({ notify: true, preview: true, quietFrom: "", quietTo: "" });
});
afterEach(() => vi.useRealTimers());

describe("what is told by the system", () => {
  it("follows the level of the conversation, and mentions", async () => {
    const named = { mentions: ["me"] };
    expect(await notified()).toBe(1);
    expect(await notified({}, { level: "mentions" })).toBe(0);
    expect(await notified({ mentions: ["bob"] }, { level: "mentions" })).toBe(0);
    expect(await notified(named, { level: "mentions" })).toBe(1);
    expect(await notified({ mentionsEveryone: true }, { level: "mentions" })).toBe(1);
    expect(await notified(named, { level: "none" })).toBe(0);
  });
  it("leaves out threads that are not followed, but for mentions", () => {
    const reply = { threadRoot: "r" };
    expect(isWanted(arrival(reply))).toBe(false);
    expect(isWanted(arrival(reply, { following: false }))).toBe(false);
    expect(isWanted(arrival(reply, { following: true }))).toBe(true);
    expect(isWanted(arrival({ ...reply, mentions: ["me"] }, { following: false }))).toBe(true);
    expect(isWanted(arrival(reply, { following: true, level: "mentions" }))).toBe(false);
    expect(isWanted(arrival({ ...reply, mentions: ["me"] }, { following: true, level: "none" }))).toBe(false);
  });
  it("keeps quiet in quiet hours, without permission or wish, and while the page is seen", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date(2026, 10, 27, 23, 30) });
    usePreferences.setState({ quietFrom: "22:00", quietTo: "07:00" });
    expect(await notified({ mentions: ["me"] })).toBe(0);
    vi.setSystemTime(new Date(2026, 10, 27, 7, 0));
    expect(await notified()).toBe(1);
    vi.stubGlobal("document", { visibilityState: "visible" });
    expect(await notified()).toBe(0);
    vi.stubGlobal("document", { visibilityState: "hidden" });
    vi.stubGlobal("Notification", { permission: "denied" });
    expect(await notified()).toBe(0);
    vi.stubGlobal("Notification", { permission: "granted" });
    usePreferences.setState({ notify: false });
    expect(await notified()).toBe(0);
  });
  it("says who and where, leads there, and shows the text only when that is wished", async () => {
    await notified();
    expect(told[0]).toMatchObject({ title: "Ann L. in news", options: { body: "the news", tag: "c", data: { path: "/c/c" } } });
    await notified({ threadRoot: "r" }, { following: true });
    expect(told[0]!.options.data.path).toBe("/c/c/t/r");
    await notified({}, { place: pair });
    expect(told[0]!.title).toBe("Ann L.");
    await notified({}, { place: undefined, sender: undefined });
    expect(told[0]!.title).toBe(en.common.unknownPerson);
    usePreferences.setState({ preview: false });
    await notified();
    expect(told[0]!.options.body).not.toContain("news");
  });
});

describe("a message that comes", () => {
  const comes = async (of: Partial<Message>) => {
    told.length = 0;
    await arrived(message(of));
    await settle();
    return told.map(({ title }) => title);
  };
  beforeEach(() => useApp.setState({ account: { user: "me" } as never, users: { ann }, overview: [channel], levels: {} }));
  it("is told of when its thread is followed, which the engine knows", async () => {
    inEngine.set("followed", { thread: { following: true } as never });
    inEngine.set("other", { thread: { following: false } as never });
    expect(await comes({ threadRoot: "followed" })).toEqual(["Ann L. in news"]);
    expect(await comes({ threadRoot: "other" })).toEqual([]);
    expect(await comes({ threadRoot: "not here" })).toEqual([]);
    expect(await comes({})).toEqual(["Ann L. in news"]);
  });
  it("is not told of when it is one's own, or its conversation is muted", async () => {
    expect(await comes({ senderUser: "me" })).toEqual([]);
    useApp.setState({ levels: { c: "none" } });
    expect(await comes({})).toEqual([]);
  });
});
