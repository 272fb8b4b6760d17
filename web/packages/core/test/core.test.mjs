// The module as a host sees it: refusals, memory, and what is left of closed engines.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { Core, CoreError, Engine, MemoryStore, loadCore } from "../dist/node.js";

const kUser = "0191d3f0-0000-7000-8000-000000000001";
const kDevice = "0191d3f0-0000-7000-8000-000000000002";
const kPeer = "0191d3f0-0000-7000-8000-000000000003";
const key = new Uint8Array(32).fill(7);

function enrolled(core, store = new MemoryStore(), username = "ann") {
  const engine = Engine.open(core, store, key);
  engine.enroll(kUser, kDevice, username);
  return engine;
}
const refused = (code) => (error) => error instanceof CoreError && error.code === code;

test("the module is at most 900 kB, compressed", () => {
  const module = readFileSync(new URL("../dist/unhidra_core.wasm", import.meta.url));
  const size = gzipSync(module, { level: 9 }).length;
  console.log(`unhidra_core.wasm: ${module.length} bytes, ${size} gzipped`);
  assert.ok(size <= 900_000);
});

test("it asks its host for nothing but randomness, time, records and a place for last words", async () => {
  const module = await WebAssembly.compile(readFileSync(new URL("../dist/unhidra_core.wasm", import.meta.url)));
  const asked = WebAssembly.Module.imports(module).map(({ name }) => name).sort();
  assert.deepEqual(asked, ["fd_close", "fd_seek", "fd_write", "now", "random_get", "steady_now", "store_commit",
    "store_get", "store_load", "store_take"]);
});

test("a device outlives its engine", async () => {
  const core = await loadCore();
  const store = new MemoryStore();
  const first = enrolled(core, store);
  const account = first.account();
  assert.equal(account.user, kUser);
  first.close();
  const second = Engine.open(await loadCore(), store, key);
  assert.deepEqual(second.account(), account);
  assert.throws(() => second.enroll(kUser, kDevice, "ann"), refused("client.already_enrolled"));
});

test("devices of one module do not share keys", async () => {
  const core = await loadCore();
  assert.notEqual(enrolled(core).account().fingerprint, enrolled(core).account().fingerprint);
});

test("messages are queued without a connection, with any characters", async () => {
  const engine = enrolled(await loadCore());
  const text = 'quotes " and \\, a line\nend, \u0000, \u00fc, \u{1f642}';
  assert.match(engine.sendText(kPeer, text), /^[0-9a-f-]{36}$/);
  assert.equal(engine.account().outboxSize, 1);
  assert.throws(() => engine.sendText(kPeer, ""), refused("client.bad_text"));
  assert.throws(() => engine.sendText(kPeer, "x".repeat(17_000)), refused("client.message_too_large"));
});

test("a group that cannot be is refused with a reason", async () => {
  const engine = enrolled(await loadCore());
  assert.throws(() => engine.createGroup("the team", [kPeer]), refused("client.not_approved"));
  assert.throws(() => engine.createGroup("", []), refused("client.bad_name"));
  assert.throws(() => engine.createGroup("the team", [kPeer, "no id"]), refused("core.bad_argument"));
  assert.throws(() => engine.group(kPeer), refused("client.not_found"));
  assert.throws(() => engine.addToGroup(kPeer, [kPeer]), refused("client.not_found"));
  assert.throws(() => engine.removeFromGroup("no id", [kPeer]), refused("core.bad_argument"));
  assert.throws(() => engine.leaveGroup(kPeer), refused("client.not_found"));
  assert.throws(() => engine.renameGroup(kPeer, "other"), refused("client.not_found"));
  assert.throws(() => engine.adoptChannelName(kPeer, "news"), refused("client.not_found"));
  assert.throws(() => engine.adoptChannelName("no id", "news"), refused("core.bad_argument"));
  assert.throws(() => engine.sendTextTo(kPeer, "text"), refused("client.not_found"));
  assert.deepEqual(engine.conversations().conversations, []);
});

test("who is watched is unknown without a connection, and not stored", async () => {
  const core = await loadCore();
  const store = new MemoryStore();
  const engine = enrolled(core, store);
  const { generation } = engine.state();
  engine.setPresence("online");
  engine.watchPresence([kPeer, kUser]);
  assert.deepEqual(engine.presence(), [kUser, kPeer].map((user) => ({ user, state: "unknown", since: null })));
  assert.equal(engine.state().generation, generation);
  assert.throws(() => engine.watchPresence(["no id"]), refused("core.bad_argument"));
  const many = Array.from({ length: 2001 }, (_, at) => `0191d3f0-0000-7000-8000-${String(at).padStart(12, "0")}`);
  assert.throws(() => engine.watchPresence(many), refused("client.too_many_watched"));
  assert.equal(engine.presence().length, 2);
  engine.close();
  const again = Engine.open(core, store, key);
  assert.deepEqual(again.presence(), []);
  again.close();
});

test("what is shown is named by ids, however many", async () => {
  const engine = enrolled(await loadCore());
  engine.putFirst([kPeer, kUser]);
  engine.putFirst(Array.from({ length: 200 }, () => kPeer));
  engine.putFirst([]);
  assert.throws(() => engine.putFirst(["no id"]), refused("core.bad_argument"));
});

test("malformed calls are refused and change nothing", async () => {
  const core = await loadCore();
  const engine = enrolled(core);
  const before = engine.account();
  for (const handle of [0, -1, 99, 2 ** 31 - 1, -(2 ** 31)]) {
    assert.throws(() => core.call("unhidra_engine_tick", handle), refused("core.bad_handle"));
  }
  for (const [at, size] of [[0, 1], [16, 16], [2 ** 31, 1], [-1, 2], [2 ** 32 - 1, 2 ** 32 - 1], [70_000, 100_000]]) {
    assert.throws(() => core.call("unhidra_engine_receive", 1, at, size), refused("core.bad_argument"));
    assert.throws(() => core.call("unhidra_user_named", 1, at, size), refused("core.bad_argument"));
  }
  for (const at of [0, 1, 70_000, -4]) {
    assert.equal(core.exports.unhidra_buffer_free(at), -3);
  }
  assert.throws(() => engine.openConversation("no id"), refused("core.bad_argument"));
  assert.throws(() => Engine.open(core, new MemoryStore(), new Uint8Array(31)), refused("core.bad_argument"));
  assert.throws(() => engine.receive(new Uint8Array(3_000_000)), refused("core.full"));
  assert.throws(() => engine.receive(Uint8Array.of(255, 255, 255)), refused("client.bad_frame"));
  assert.deepEqual(engine.account(), before);
});

test("random frames never end the module", async () => {
  const engine = enrolled(await loadCore());
  let seed = Date.now() >>> 0;
  console.log(`seed ${seed}`);
  const next = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 8;
  engine.connectionOpened();
  for (let i = 0; i < 500; ++i) {
    const frame = Uint8Array.from({ length: next() % 80 }, () => next());
    try {
      engine.receive(frame);
    } catch (error) {
      assert.ok(refused("client.bad_frame")(error), String(error));
    }
    [...engine.actions()];
  }
  assert.equal(engine.account().user, kUser);
});

test("a call from within a host function is refused", async () => {
  const core = await loadCore();
  const tried = [];
  class Meddling extends MemoryStore {
    commit(changes) {
      for (const call of [() => core.exports.unhidra_engine_close(1), () => core.exports.unhidra_engine_tick(1)]) {
        tried.push(call());
      }
      super.commit(changes);
    }
  }
  const engine = enrolled(core, new Meddling());
  assert.ok(tried.length > 0 && tried.every((answer) => answer === -4), String(tried));
  assert.equal(engine.account().user, kUser);
});

test("a store that fails ends the engine, and the cause is told", async () => {
  const core = await loadCore();
  const store = new MemoryStore();
  const engine = enrolled(core, store);
  store.commit = () => {
    throw new Error("the disk is full");
  };
  assert.throws(() => engine.sendText(kPeer, "text"),
    (error) => refused("client.store_failed")(error) && error.cause.message === "the disk is full");
  assert.throws(() => engine.sendText(kPeer, "text"), refused("client.store_failed"));
  engine.close();
  delete store.commit;
  assert.equal(Engine.open(core, store, key).account().outboxSize, 0);
});

test("an old copy of the store is noticed", async () => {
  const core = await loadCore();
  const store = new MemoryStore();
  enrolled(core, store).close();
  const engine = Engine.open(core, store, key, 1000);
  assert.deepEqual([...engine.actions()], [{ kind: "event", event: { type: "stateRolledBack" } }]);
});

test("nothing readable leaves the module, and nothing is left in it", async () => {
  const core = await loadCore();
  const store = new MemoryStore();
  const marks = {
    text: "a text that nobody else may read",
    value: "a token that nobody else may see",
    name: "a name of which nobody else may know",
  };
  const engine = enrolled(core, store, marks.name);
  const distinct = crypto.getRandomValues(new Uint8Array(32));
  const holds = (bytes, mark) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(mark);
  const memory = () => new Uint8Array(core.memory.buffer);

  for (let i = 1; i <= 20; ++i) {
    engine.sendText(kPeer, `${marks.text} `.repeat(10 * i));
  }
  engine.putValue("token", marks.value);
  assert.equal(engine.getValue("token"), marks.value);
  assert.ok(holds(memory(), marks.value), "the search finds what is there");
  for (const { content } of store.records.values()) {
    assert.ok(Object.values(marks).every((mark) => !holds(content, mark)));
  }
  Engine.open(core, new MemoryStore(), distinct).close();
  assert.equal(engine.userNamed(marks.name).username, marks.name);
  engine.close();
  for (const mark of Object.values(marks)) {
    assert.ok(!holds(memory(), mark), `"${mark}" is left in memory`);
  }
  assert.ok(!holds(memory(), Buffer.from(distinct)), "the store's key is left in memory");
});

test("engines and their memory come back", async () => {
  const core = await loadCore();
  const round = () => {
    const engine = enrolled(core);
    for (let i = 0; i < 20; ++i) {
      engine.sendText(kPeer, "x".repeat(1000));
    }
    [...engine.actions()];
    engine.close();
  };
  round();
  const before = core.memory.buffer.byteLength;
  for (let i = 0; i < 50; ++i) {
    round();
  }
  assert.ok(core.memory.buffer.byteLength <= before + (1 << 20), `${before} -> ${core.memory.buffer.byteLength}`);
});

// A module that exports memory, `_initialize`, and a version of the test's choice.
function moduleOfVersion(major, minor) {
  const text = (name) => [name.length, ...Buffer.from(name)];
  const section = (id, ...content) => [id, content.length, ...content];
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, 2, 0x60, 0, 0, 0x60, 0, 1, 0x7f), // () -> (), () -> i32
    ...section(3, 2, 0, 1),
    ...section(5, 1, 0, 1),
    ...section(7, 3, ...text("memory"), 2, 0, ...text("_initialize"), 0, 0, ...text("unhidra_interface_version"), 0, 1),
    ...section(10, 2, 2, 0, 0x0b, 10, 0, 0x41, major, 0x41, 16, 0x74, 0x41, minor, 0x72, 0x0b), // major << 16 | minor
  ]);
}

test("a module of another major version, or an older one, is refused", async () => {
  await assert.rejects(Core.load(moduleOfVersion(2, 60)), refused("core.version"));
  await assert.rejects(Core.load(moduleOfVersion(1, 0)), refused("core.version"));
  assert.ok(await Core.load(moduleOfVersion(1, 60)));
});
