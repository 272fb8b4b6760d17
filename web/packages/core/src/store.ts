// Where sealed records are kept. The engine releases frames and events only after `commit` returned, so every store is
// synchronous: what it accepted is durable.
import { CoreError } from "./types.js";

export const kNameSize = 32;
export const kKindSize = 16;

/** Opaque: `kNameSize` bytes name a record, `kKindSize` its kind. */
export interface RecordStore {
  get(name: Uint8Array): Uint8Array | undefined;
  ofKind(kind: Uint8Array): Iterable<[name: Uint8Array, content: Uint8Array]>;
  /** All or nothing; durable when it returns. */
  commit(changes: Changes): void;
  close(): void;
}

/** The changes of one commit, as the module encodes them. */
export class Changes {
  constructor(readonly encoded: Uint8Array) {}

  *[Symbol.iterator](): Generator<Change> {
    const view = new DataView(this.encoded.buffer, this.encoded.byteOffset, this.encoded.byteLength);
    let at = 0;
    const take = (size: number): Uint8Array => {
      if (size > this.encoded.length - at) {
        throw new CoreError("store.corrupt", "corrupt", "changes of the store are cut off");
      }
      at += size;
      return this.encoded.subarray(at - size, at);
    };
    while (at < this.encoded.length) {
      const put = take(1)[0] === 1;
      const name = take(kNameSize);
      if (!put) {
        yield { name };
        continue;
      }
      const kind = take(kKindSize);
      take(4);
      const size = view.getUint32(at - 4);
      yield { name, record: { kind, at, content: take(size) } };
    }
  }
}

/** Views of the encoded changes. */
export interface Change {
  name: Uint8Array;
  /** Absent: the record is removed. `at` is the content's place within the encoded changes. */
  record?: { kind: Uint8Array; at: number; content: Uint8Array };
}

/** Forgets everything at the end: for tests, and for bots without a history. */
export class MemoryStore implements RecordStore {
  readonly records = new Map<string, { kind: string; content: Uint8Array }>();

  get(name: Uint8Array): Uint8Array | undefined {
    return this.records.get(toHex(name))?.content;
  }
  *ofKind(kind: Uint8Array): Generator<[Uint8Array, Uint8Array]> {
    const wanted = toHex(kind);
    for (const [name, record] of this.records) {
      if (record.kind === wanted) {
        yield [fromHex(name), record.content];
      }
    }
  }
  commit(changes: Changes): void {
    for (const { name, record } of changes) {
      if (record) {
        this.records.set(toHex(name), { kind: toHex(record.kind), content: record.content.slice() });
      } else {
        this.records.delete(toHex(name));
      }
    }
  }
  close(): void {}
}

/** A file with positions, as Node and the browser's origin private file system have it. */
export interface SyncFile {
  size(): number;
  /** Fills all of `into`. */
  read(at: number, into: Uint8Array): void;
  write(at: number, bytes: Uint8Array): void;
  truncate(size: number): void;
  /** Durable when it returns. */
  flush(): void;
  close(): void;
}

export function toHex(bytes: Uint8Array): string {
  let out = "";
  for (const byte of bytes) {
    out += byte.toString(16).padStart(2, "0");
  }
  return out;
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => parseInt(digits, 16));
}
