// Spaces and channels, as the server tells them.
import { CoreError, type Channel, type ChatPolicy, type Id, type NewChannel, type PlaceAnswer, type PlaceFields, type Space } from "@core/types";
import { same } from "../lib/overview";
import { act } from "./conversations";
import { client } from "./engine";
import { learn, refresh } from "./refresh";
import { useApp } from "./store";

const set = useApp.setState;
const kMost = 2000;
const kPolicyHolds = 3000; // milliseconds

async function all<T>(name: string, fields: PlaceFields, of: (answer: PlaceAnswer) => T[] | undefined): Promise<T[]> {
  const out: T[] = [];
  let cursor = "";
  do {
    const answer = await client().place(name, { ...fields, cursor });
    out.push(...(of(answer) ?? []));
    cursor = answer.nextCursor ?? "";
  } while (cursor !== "" && out.length < kMost);
  return out;
}

/** Spaces, and the channels that one is in. */
export async function readPlaces(): Promise<void> {
  const [spaces, channels, { policy }] = await Promise.all([
    all<Space>("listSpaces", {}, (answer) => answer.spaces),
    all<Channel>("listChannels", { joined: true }, (answer) => answer.channels),
    client().place("policy"),
  ]);
  set({ spaces, channels: Object.fromEntries(channels.map((one) => [one.id, one])), ...(policy ? { policy } : {}) });
  await nameUnnamed(channels);
}

let policyRead = 0;
/** A new rule is told (`policyChanged`), but what is told may be lost: asked before something is offered that hangs on it, not more often than every few seconds. */
export async function refreshPolicy(): Promise<void> {
  if (Date.now() - policyRead < kPolicyHolds) {
    return;
  }
  policyRead = Date.now();
  const { policy } = await client().place("policy");
  if (policy && !same(policy, useApp.getState().policy)) {
    set({ policy });
  }
}

/** For administrators of the organisation; its clients hear of it. */
export async function setPolicy(policy: ChatPolicy): Promise<void> {
  await client().place("setPolicy", { editWindow: policy.editWindow, receipts: policy.receipts, hidesPeople: policy.hidesPeople });
  set({ policy });
}

/** Whether one decides for the organisation; the server looks again at each decision. */
export async function readRoles(): Promise<void> {
  const roles = await client().roles();
  set({ administers: roles.includes("org_admin") || roles.includes("super_admin") });
}

// Newcomers come into default channels by themselves, and have heard nobody say what they are called.
async function nameUnnamed(channels: Channel[]): Promise<void> {
  const unnamed = new Set(useApp.getState().overview.map(({ conversation }) => conversation)
    .filter(({ name, state }) => name === "" && state === "active").map(({ id }) => id));
  const found = channels.filter(({ id, name }) => name !== "" && unnamed.has(id));
  for (const { id, name } of found) {
    await client().adoptChannelName(id, name);
  }
  if (found.length > 0) {
    await refresh();
  }
}

export const findChannels = (search: string, space?: Id): Promise<Channel[]> =>
  all<Channel>("listChannels", { search, space }, (answer) => answer.channels);

export async function joinChannel({ id, name }: Channel): Promise<void> {
  await client().joinChannel(id, name).catch((error: unknown) => {
    // The server has let the person in; the device comes after, when it may try again.
    if (!(error instanceof CoreError && error.code === "client.timed_out")) {
      throw error;
    }
  });
  await Promise.all([refresh(), readPlaces()]);
}

export async function createChannel(channel: Omit<NewChannel, "users">, usernames: string[]): Promise<Id> {
  const users = (await Promise.all(usernames.map((name) => client().findUser(name)))).map(({ id }) => id);
  const id = await client().createChannel({ ...channel, users });
  await Promise.all([refresh(), readPlaces()]);
  return id;
}

export async function readChannel(channel: Id): Promise<PlaceAnswer> {
  const details = await client().place("channel", { channel });
  await learn(details.banned ?? []);
  return details;
}

/** A change of a space or channel; then the lists are read again. */
export async function change(name: string, fields: PlaceFields): Promise<void> {
  await client().place(name, fields);
  await readPlaces();
}

export interface Description {
  name: string;
  topic: string;
  description: string;
}

/** Tells the members, and of a public channel's name the directory too, which may refuse it. */
export async function describePlace(id: Id, before: Description, { name, topic, description }: Description): Promise<void> {
  if (name !== before.name) {
    if (useApp.getState().channels[id]?.open) {
      await change("updateChannel", { channel: id, name });
    }
    await act((of) => of.renameGroup(id, name));
  }
  if (topic !== before.topic || description !== before.description) {
    await act((of) => of.describeGroup(id, topic, description));
  }
}

/** In a space, with all that stands in it, or in a channel. */
export async function setRole(place: { space: Id } | { channel: Id }, username: string, role: number): Promise<void> {
  const { id } = await client().findUser(username);
  await change("setRole", { ...place, user: id, role });
}

/** Answers the new space's id. */
export async function createSpace(name: string, hidden: boolean, parent?: Id): Promise<Id> {
  const space = newId();
  await change("createSpace", { space, name, hidden, parent });
  return space;
}

/** An id of our own: a new space is named before the server knows it. UUIDv7, RFC 9562. */
export function newId(): Id {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setUint32(0, Math.floor(Date.now() / 0x10000));
  new DataView(bytes.buffer).setUint16(4, Date.now() % 0x10000);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
