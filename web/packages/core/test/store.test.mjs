// Records on disk: through crashes at any byte, damage, and compaction.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Changes, CoreError, LogStore, openFolder } from "../dist/node.js";

const kHere = fileURLToPath(new URL(".", import.meta.url));

/** A file in memory. */
class Ram {
  bytes = new Uint8Array(0);
  size() {
    return this.bytes.length;
  }
  read(at, into) {
    into.set(this.bytes.subarray(at, at + into.length));
  }
  write(at, bytes) {
    if (at + bytes.length > this.bytes.length) {
      this.truncate(at + bytes.length);
    }
    this.bytes.set(bytes, at);
  }
  truncate(size) {
    const next = new Uint8Array(size);
    next.set(this.bytes.subarray(0, size));
    this.bytes = next;
  }
  flush() {}
  close() {}
  clone() {
    const out = new Ram();
    out.bytes = this.bytes.slice();
    return out;
  }
}

/** A log with its places. */
const files = (commits = new Ram(), places = new Ram()) => ({ commits, places });
const clone = ({ commits, places }) => files(commits.clone(), places.clone());

const name = (n) => Buffer.from(n.toString(16).padStart(64, "0"), "hex");
const kKind = Buffer.alloc(16, 0x0b);
function changes(...list) {
  const parts = list.map(([n, text]) => {
    if (text === undefined) {
      return Buffer.concat([Buffer.of(0), name(n)]);
    }
    const content = Buffer.from(text);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(content.length);
    return Buffer.concat([Buffer.of(1), name(n), kKind, size, content]);
  });
  return new Changes(new Uint8Array(Buffer.concat(parts)));
}
const text = (store, n) => {
  const found = store.get(name(n));
  return found && Buffer.from(found).toString();
};
const all = (store) => [...store.ofKind(kKind)].map(([, content]) => Buffer.from(content).toString()).sort();

test("records stay, change and go", () => {
  const [a, b] = [files(), files()];
  let store = LogStore.open(a, b);
  store.commit(changes([1, "one"], [2, "two"]));
  store.commit(changes([1, "other"], [2, undefined], [3, "three"]));
  for (let i = 0; i < 2; ++i) {
    assert.equal(text(store, 1), "other");
    assert.equal(text(store, 2), undefined);
    assert.deepEqual(all(store), ["other", "three"]);
    assert.deepEqual([...store.ofKind(Buffer.alloc(16, 0x0c))], []);
    store = LogStore.open(a, b);
  }
});

test("many records of many kinds come, change and go as in a map", () => {
  const [a, b] = [files(), files()];
  let store = LogStore.open(a, b);
  const want = new Map();
  let seed = 7;
  const random = (most) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 1) % most;
  for (let round = 0; round < 400; ++round) {
    const list = [];
    for (let i = 0; i < 20; ++i) {
      const n = random(5000);
      const gone = random(4) === 0;
      list.push(gone ? [n] : [n, `${round}.${i}`]);
      gone ? want.delete(n) : want.set(n, `${round}.${i}`);
    }
    store.commit(changes(...list));
    if (round % 100 === 99) {
      store = LogStore.open(a, b);
      assert.deepEqual(all(store), [...want.values()].sort());
      assert.ok([...want].every(([n, content]) => text(store, n) === content));
    }
  }
});

test("a crash at any byte leaves the commit whole or absent", () => {
  const [a, b] = [files(), files()];
  const store = LogStore.open(a, b);
  store.commit(changes([1, "one"]));
  const before = a.commits.size();
  store.commit(changes([1, "two"], [2, "second"]));
  for (let size = before; size <= a.commits.size(); ++size) {
    const cut = clone(a);
    cut.commits.truncate(size);
    const again = LogStore.open(cut, files());
    assert.deepEqual(all(again), size === a.commits.size() ? ["second", "two"] : ["one"], `${size} bytes`);
    again.commit(changes([4, "later"]));
    assert.equal(text(LogStore.open(cut, files()), 4), "later");
  }
});

test("damage before the end is told, not dropped", () => {
  const a = files();
  const store = LogStore.open(a, files());
  store.commit(changes([1, "one"]));
  const middle = a.commits.size() - 2;
  store.commit(changes([2, "two"]));
  a.commits.bytes[middle] ^= 1;
  assert.throws(() => LogStore.open(a, files()), (error) => error instanceof CoreError && error.code === "store.corrupt");
});

test("opening reads where the records stand, not what is in them", () => {
  const a = files();
  const store = LogStore.open(a, files());
  for (let i = 0; i < 4000; ++i) {
    store.commit(changes([i, `${i}`.padEnd(500, ".")]));
  }
  let read = 0;
  a.commits.read = function (at, into) {
    read += into.length;
    return Ram.prototype.read.call(this, at, into);
  };
  const again = LogStore.open(a, files());
  assert.ok(read < a.commits.size() / 4, `${read} of ${a.commits.size()} bytes`);
  assert.equal(text(again, 17).length, 500);
  again.close();
  read = 0;
  assert.equal(all(LogStore.open(a, files())).length, 4000);
});

test("without its places, or with damaged ones, a log is read as it stands", () => {
  const a = files();
  const store = LogStore.open(a, files());
  for (let i = 0; i < 30; ++i) {
    store.commit(changes([i % 20, `${i}`], [100 + i, undefined]));
  }
  store.close();
  const want = all(LogStore.open(clone(a), files()));
  assert.equal(want.length, 20);
  const size = a.places.size();
  assert.ok(size > 1000);
  for (let at = 0; at < size; at += 7) {
    const [cut, other] = [clone(a), clone(a)];
    cut.places.truncate(at);
    other.places.bytes[at] ^= 0x10;
    for (const damaged of [cut, other]) {
      const again = LogStore.open(damaged, files());
      assert.deepEqual(all(again), want, `at ${at}`);
      again.commit(changes([5, "later"]));
      assert.equal(text(LogStore.open(damaged, files()), 5), "later");
    }
  }
  const shorter = clone(a);
  shorter.commits.truncate(shorter.commits.size() - 1);
  assert.deepEqual(all(LogStore.open(shorter, files())).length, 20);
});

test("what is outdated is left behind while the store is used", () => {
  const [a, b] = [files(), files()];
  let store = LogStore.open(a, b);
  for (let i = 0; i < 300; ++i) {
    store.commit(changes([i % 4, `${i}`.padEnd(64 * 1024, ".")], [10 + i, `small ${i}`], [5 + i, undefined]));
  }
  const want = all(store);
  assert.ok(a.commits.size() + b.commits.size() < 4 << 20, `${a.commits.size()} and ${b.commits.size()} bytes`);
  for (const [first, second] of [[a, b], [b, a]]) {
    store = LogStore.open(first, second);
    assert.deepEqual(all(store), want);
  }
});

// Every write, truncation and flush once stopped before it; a write once more in its middle.
test("a crash at any step of a move loses nothing that was acknowledged", () => {
  const contentOf = (i) => `${i}`.padEnd(40 * 1024, ".");
  const commit = (i) => changes([i % 4, contentOf(i)], [100 + (i % 7), i % 3 ? `${i}` : undefined]);
  const expected = (acknowledged) => {
    const model = new Map();
    for (let i = 0; i < acknowledged; ++i) {
      model.set(i % 4, contentOf(i));
      i % 3 ? model.set(100 + (i % 7), `${i}`) : model.delete(100 + (i % 7));
    }
    return [...model.values()].sort();
  };
  let moved = false;
  for (let steps = 0, done = false; !done; ++steps) {
    const [a, b] = [files(), files()];
    let left = steps;
    for (const file of [a.commits, a.places, b.commits, b.places]) {
      for (const method of ["write", "truncate", "flush"]) {
        file[method] = function (...args) {
          if (left-- === 0) {
            if (method === "write") {
              Ram.prototype.write.call(this, args[0], args[1].subarray(0, args[1].length >> 1));
            }
            left = 0; // nothing after it
            throw new Error("crash");
          }
          return Ram.prototype[method].apply(this, args);
        };
      }
    }
    let acknowledged = 0;
    try {
      const store = LogStore.open(a, b);
      for (; acknowledged < 40; ++acknowledged) {
        store.commit(commit(acknowledged));
      }
      done = left > 0;
      moved = b.commits.size() > 0;
    } catch {
      // as after a crash
    }
    const found = all(LogStore.open(clone(a), clone(b)));
    const possible = [acknowledged, acknowledged + 1].map(expected);
    assert.ok(possible.some((one) => JSON.stringify(one) === JSON.stringify(found)), `${steps} steps, ${acknowledged} acknowledged: ${found.map((one) => one.slice(0, 4))}`);
  }
  assert.ok(moved, "no move");
});

test("a process that is killed at any moment has kept what it acknowledged", async () => {
  const folder = mkdtempSync(join(tmpdir(), "unhidra-core-"));
  const kLeast = 17; // one more than the keeper has records
  try {
    let last = 0;
    for (let round = 0; round < 6; ++round) {
      const child = spawn(process.execPath, [join(kHere, "keeper.mjs"), folder, String(last)], { stdio: ["ignore", "pipe", "inherit"] });
      const ended = once(child, "exit");
      let output = "";
      let killer;
      child.stdout.on("data", (part) => {
        output += part;
        if (output.split("\n").length > kLeast) { // so far it gets on however slow a machine, and then at any moment
          killer ??= setTimeout(() => child.kill("SIGKILL"), 50 * round);
        }
      });
      await ended;
      const lines = output.split("\n").slice(0, -1);
      assert.ok(!lines.includes("lost"), "something was lost");
      last = Number(lines.at(-1) ?? last);
    }
    assert.ok(last >= 6 * kLeast, `only ${last} commits`);
    const store = openFolder(folder);
    assert.ok(Number(text(store, 0).split(" ")[0]) >= last);
    store.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("after a failed write nothing more is accepted", () => {
  const a = files();
  const store = LogStore.open(a, files());
  a.commits.flush = () => {
    throw new Error("no space");
  };
  assert.throws(() => store.commit(changes([1, "one"])), /no space/);
  delete a.commits.flush;
  assert.throws(() => store.commit(changes([1, "one"])), (error) => error.code === "store.failed");
});

test("a folder belongs to one process", () => {
  const folder = mkdtempSync(join(tmpdir(), "unhidra-core-"));
  try {
    const store = openFolder(folder);
    store.commit(changes([1, "one"]));
    assert.throws(() => openFolder(folder), (error) => error.code === "store.in_use");
    store.close();
    const again = openFolder(folder);
    assert.equal(text(again, 1), "one");
    again.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
