// Records on disk: through crashes at any byte, damage, and compaction.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Changes, CoreError, LogStore, openFolder } from "../dist/node.js";

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

const name = (n) => n.toString(16).padStart(64, "0");
const kKind = "0b".repeat(16);
function changes(...list) {
  const parts = list.map(([n, text]) => {
    const place = Buffer.from(name(n), "hex");
    if (text === undefined) {
      return Buffer.concat([Buffer.of(0), place]);
    }
    const content = Buffer.from(text);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(content.length);
    return Buffer.concat([Buffer.of(1), place, Buffer.from(kKind, "hex"), size, content]);
  });
  return new Changes(new Uint8Array(Buffer.concat(parts)));
}
const text = (store, n) => {
  const found = store.get(name(n));
  return found && Buffer.from(found).toString();
};
const all = (store) => [...store.ofKind(kKind)].map(([, content]) => Buffer.from(content).toString()).sort();

test("records stay, change and go", () => {
  const [a, b] = [new Ram(), new Ram()];
  let store = LogStore.open(a, b);
  store.commit(changes([1, "one"], [2, "two"]));
  store.commit(changes([1, "other"], [2, undefined], [3, "three"]));
  for (let i = 0; i < 2; ++i) {
    assert.equal(text(store, 1), "other");
    assert.equal(text(store, 2), undefined);
    assert.deepEqual(all(store), ["other", "three"]);
    assert.deepEqual([...store.ofKind("0c".repeat(16))], []);
    store = LogStore.open(a, b);
  }
});

test("a crash at any byte leaves the commit whole or absent", () => {
  const [a, b] = [new Ram(), new Ram()];
  const store = LogStore.open(a, b);
  store.commit(changes([1, "one"]));
  const before = a.size();
  store.commit(changes([1, "two"], [2, "second"]));
  for (let size = before; size <= a.size(); ++size) {
    const cut = a.clone();
    cut.truncate(size);
    const again = LogStore.open(cut, new Ram());
    assert.deepEqual(all(again), size === a.size() ? ["second", "two"] : ["one"], `${size} bytes`);
    again.commit(changes([4, "later"]));
    assert.equal(text(LogStore.open(cut, new Ram()), 4), "later");
  }
});

test("damage before the end is told, not dropped", () => {
  const a = new Ram();
  const store = LogStore.open(a, new Ram());
  store.commit(changes([1, "one"]));
  const middle = a.size() - 2;
  store.commit(changes([2, "two"]));
  a.bytes[middle] ^= 1;
  assert.throws(() => LogStore.open(a, new Ram()), (error) => error instanceof CoreError && error.code === "store.corrupt");
});

test("an outdated log is compacted, whatever moment a crash chooses", () => {
  const [a, b] = [new Ram(), new Ram()];
  const store = LogStore.open(a, b);
  for (let i = 0; i < 40; ++i) {
    store.commit(changes([i % 4, `${i}`.padEnd(64 * 1024, ".")]));
  }
  const want = all(store);
  const size = a.size();
  assert.deepEqual(all(LogStore.open(a, b)), want);
  assert.ok(b.size() < size / 4 && a.size() === 0, "the other file took over");
  assert.deepEqual(all(LogStore.open(a, b)), want);
  assert.deepEqual(all(LogStore.open(b, a)), want);

  // Stopped at every write of a second compaction.
  const again = LogStore.open(a, b);
  for (let i = 0; i < 40; ++i) {
    again.commit(changes([i % 4, `${i}`.padEnd(64 * 1024, ".")]));
  }
  for (let writes = 0; ; ++writes) {
    const [c, d] = [a.clone(), b.clone()];
    let left = writes;
    for (const method of ["write", "truncate"]) {
      const real = Ram.prototype[method];
      c[method] = d[method] = function (...args) {
        if (left-- === 0) {
          throw new Error("crash");
        }
        return real.apply(this, args);
      };
    }
    let crashed = false;
    try {
      LogStore.open(c, d);
    } catch (error) {
      assert.equal(error.message, "crash");
      crashed = true;
    }
    assert.deepEqual(all(LogStore.open(c.clone(), d.clone())), want, `after ${writes} writes`);
    if (!crashed) {
      assert.ok(writes >= 6, `only ${writes} writes`);
      break;
    }
  }
});

test("after a failed write nothing more is accepted", () => {
  const a = new Ram();
  const store = LogStore.open(a, new Ram());
  a.flush = () => {
    throw new Error("no space");
  };
  assert.throws(() => store.commit(changes([1, "one"])), /no space/);
  delete a.flush;
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
