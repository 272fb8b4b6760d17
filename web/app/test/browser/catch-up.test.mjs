// A device that was away: what is shown is caught up with before the rest, against the real server.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { kPassword, Stage, until } from "./stage.mjs";

const kGroups = 40;
let stage;
let core;
let ann;
let bob;
let groups;

// The core in this process: the order of its events is what is asked about.
async function device(name) {
  const folder = join(stage.root, name);
  mkdirSync(folder);
  const ca = readFileSync(join(stage.data, "ca.pem"), "utf8");
  const { Client, NodeTransport, openFolder } = core;
  const client = Client.open({ core: await core.loadCore(), store: openFolder(folder), key: new Uint8Array(32).fill(7), server: stage.auth, transport: new NodeTransport({ ca }) });
  await client.register({ username: name, password: kPassword }, name);
  await client.connect();
  return client;
}
const nothingToSend = (client) => until(async () => (await client.account()).outboxSize === 0, "the outbox to be empty");

before(async () => {
  core = await import("../../../packages/core/dist/node.js");
  stage = await Stage.open();
  [ann, bob] = [await device("ann"), await device("bob")];
  groups = [];
  for (let number = 0; number < kGroups; ++number) {
    groups.push(await bob.createGroup(`Group ${number}`, ["ann"]));
  }
  const joined = async () => (await ann.conversations()).filter(({ state }) => state === "active").length;
  await until(async () => (await joined()) === kGroups, "all groups");
  await nothingToSend(bob);
  ann.disconnect();
  for (const group of groups) {
    await bob.write(group, { text: "news" });
    await nothingToSend(bob);
  }
});
after(async () => {
  ann?.close();
  bob?.close();
  await stage?.close();
});

// The server answers a batch of questions in any order; the client asks for sixteen beside what is shown.
test("what is shown is there with the first answers, though it is the oldest, and nothing is left out", async () => {
  const received = [];
  ann.on("messageReceived", ({ message }) => received.push(message.conversation));
  const shown = groups.slice(0, 3);
  await ann.putFirst(shown);
  await ann.connect();
  const last = Math.max(...shown.map((group) => received.indexOf(group)));
  assert.ok(last >= 0 && last < shown.length + 16, `the last of what is shown came as number ${last}`);
  assert.deepEqual([...received].sort(), [...groups].sort());
  const unread = (await ann.conversations()).map((one) => one.unread);
  assert.deepEqual(unread, Array(kGroups).fill(1));
});
