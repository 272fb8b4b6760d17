// Where sealed records are kept. The engine releases frames and events only after `commit` returned, so every store is
// synchronous: what it accepted is durable.
import { CoreError } from "./types.js";

/** Opaque: 32 bytes name a record, 16 its kind, in lower-case hexadecimal digits. */
export interface RecordStore {
  get(name: string): Uint8Array | undefined;
  ofKind(kind: string): Iterable<[name: string, content: Uint8Array]>;
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
      const name = toHex(take(32));
      if (!put) {
        yield { name };
        continue;
      }
      const kind = toHex(take(16));
      take(4);
      const size = view.getUint32(at - 4);
      yield { name, record: { kind, at, content: take(size) } };
    }
  }
}

export interface Change {
  name: string;
  /** Absent: the record is removed. `at` is the content's place within the encoded changes. */
  record?: { kind: string; at: number; content: Uint8Array };
}

/** Forgets everything at the end: for tests, and for bots without a history. */
export class MemoryStore implements RecordStore {
  readonly records = new Map<string, { kind: string; content: Uint8Array }>();

  get(name: string): Uint8Array | undefined {
    return this.records.get(name)?.content;
  }
  *ofKind(kind: string): Generator<[string, Uint8Array]> {
    for (const [name, record] of this.records) {
      if (record.kind === kind) {
        yield [name, record.content];
      }
    }
  }
  commit(changes: Changes): void {
    for (const { name, record } of changes) {
      if (record) {
        this.records.set(name, { kind: record.kind, content: record.content.slice() });
      } else {
        this.records.delete(name);
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

const kMagic = new TextEncoder().encode("UNHSTORE");
const kHeader = 16; // magic, version, sequence
const kFrame = 8; // length and checksum of one commit
const kVersion = 1;
const kWorthCompacting = 1 << 20;
const kBlock = 1 << 20; // a call to the file costs more than its bytes

/** Reads small pieces that follow each other in large blocks. What it answers stays valid. */
class BlockReader {
  private block = new Uint8Array(0);
  private start = 0;
  private readonly end: number;
  constructor(private readonly file: SyncFile) {
    this.end = file.size();
  }
  take(at: number, size: number): Uint8Array {
    if (at < this.start || at + size > this.start + this.block.length) {
      this.block = new Uint8Array(Math.max(size, Math.min(kBlock, this.end - at)));
      this.start = at;
      this.file.read(at, this.block);
    }
    return this.block.subarray(at - this.start, at - this.start + size);
  }
}

/**
 * A log of commits in one of two files, with an index in memory. A commit is appended with its checksum; one that a
 * crash cut off at the end is dropped when the store is opened. When more than half of a log is outdated, opening
 * writes what counts into the other file, whose header, written last, makes it the valid one.
 */
export class LogStore implements RecordStore {
  private readonly index = new Map<string, { kind: string; at: number; size: number }>();
  private end = kHeader;
  private live = 0;
  private broken = false;

  private constructor(
    private file: SyncFile,
    private spare: SyncFile,
    private sequence: number,
  ) {}

  static open(first: SyncFile, second: SyncFile): LogStore {
    const found = [first, second].map(sequenceOf);
    const [a = 0, b = 0] = found;
    const store = a >= b ? new LogStore(first, second, a) : new LogStore(second, first, b);
    if (store.sequence === 0) {
      store.sequence = 1;
      store.file.truncate(0);
      writeHeader(store.file, 1);
    }
    store.replay();
    if (store.end > kWorthCompacting && store.live * 2 < store.end) {
      store.compact();
    } else {
      store.spare.truncate(0);
    }
    return store;
  }

  get(name: string): Uint8Array | undefined {
    const entry = this.index.get(name);
    return entry && this.read(entry);
  }
  *ofKind(kind: string): Generator<[string, Uint8Array]> {
    const reader = new BlockReader(this.file);
    for (const [name, entry] of this.index) {
      if (entry.kind === kind) {
        yield [name, reader.take(entry.at, entry.size)];
      }
    }
  }
  commit(changes: Changes): void {
    if (this.broken) {
      throw new CoreError("store.failed", "unavailable", "an earlier write failed: open the store again");
    }
    this.broken = true; // until it is known that all is there
    this.file.write(this.end, framed(changes.encoded));
    this.file.flush();
    this.apply(changes, this.end + kFrame);
    this.end += kFrame + changes.encoded.length;
    this.broken = false;
  }
  close(): void {
    this.file.close();
    this.spare.close();
  }

  private read(entry: { at: number; size: number }): Uint8Array {
    const out = new Uint8Array(entry.size);
    this.file.read(entry.at, out);
    return out;
  }

  private apply(changes: Changes, base: number): void {
    for (const { name, record } of changes) {
      this.live -= this.index.get(name)?.size ?? 0;
      this.index.delete(name);
      if (record) {
        const size = record.content.length;
        this.index.set(name, { kind: record.kind, at: base + record.at, size });
        this.live += size;
      }
    }
  }

  private replay(): void {
    const size = this.file.size();
    const reader = new BlockReader(this.file);
    while (size - this.end >= kFrame) {
      const frame = reader.take(this.end, kFrame);
      const header = new DataView(frame.buffer, frame.byteOffset, kFrame);
      const length = header.getUint32(0);
      const next = this.end + kFrame + length;
      if (next > size) {
        break;
      }
      const encoded = reader.take(this.end + kFrame, length);
      if (checksum(encoded) !== header.getUint32(4)) {
        if (next === size) {
          break;
        }
        throw new CoreError("store.corrupt", "corrupt", "the store is damaged");
      }
      this.apply(new Changes(encoded), this.end + kFrame);
      this.end = next;
    }
    if (this.end < size) {
      this.file.truncate(this.end);
    }
  }

  private compact(): void {
    const to = this.spare;
    to.truncate(0);
    to.write(0, new Uint8Array(kHeader)); // not valid yet
    const reader = new BlockReader(this.file);
    let end = kHeader;
    let waiting: Uint8Array[] = [];
    let size = 0;
    const write = (): void => {
      const block = new Uint8Array(size);
      let at = 0;
      for (const part of waiting) {
        block.set(part, at);
        at += part.length;
      }
      to.write(end, block);
      end += size;
      waiting = [];
      size = 0;
    };
    for (const [name, entry] of this.index) {
      const part = framed(encodePut(name, entry.kind, reader.take(entry.at, entry.size)));
      waiting.push(part);
      size += part.length;
      if (size >= kBlock) {
        write();
      }
    }
    write();
    to.flush();
    writeHeader(to, this.sequence + 1);
    this.spare = this.file;
    this.file = to;
    this.sequence += 1;
    this.spare.truncate(0);
    this.index.clear();
    this.live = 0;
    this.end = kHeader;
    this.replay();
  }
}

function sequenceOf(file: SyncFile): number {
  if (file.size() < kHeader) {
    return 0;
  }
  const header = new Uint8Array(kHeader);
  file.read(0, header);
  if (!kMagic.every((byte, i) => header[i] === byte)) {
    return 0;
  }
  const view = new DataView(header.buffer);
  if (view.getUint32(8) === 0) {
    return 0; // a crash cut off its header
  }
  if (view.getUint32(8) !== kVersion) {
    throw new CoreError("store.unsupported", "invalid", "the store was made by another version");
  }
  return view.getUint32(12);
}

function writeHeader(file: SyncFile, sequence: number): void {
  const header = new Uint8Array(kHeader);
  header.set(kMagic);
  new DataView(header.buffer).setUint32(8, kVersion);
  new DataView(header.buffer).setUint32(12, sequence);
  file.write(0, header);
  file.flush();
}

function framed(encoded: Uint8Array): Uint8Array {
  const out = new Uint8Array(kFrame + encoded.length);
  new DataView(out.buffer).setUint32(0, encoded.length);
  new DataView(out.buffer).setUint32(4, checksum(encoded));
  out.set(encoded, kFrame);
  return out;
}

function encodePut(name: string, kind: string, content: Uint8Array): Uint8Array {
  const out = new Uint8Array(53 + content.length);
  out[0] = 1;
  out.set(fromHex(name), 1);
  out.set(fromHex(kind), 33);
  new DataView(out.buffer).setUint32(49, content.length);
  out.set(content, 53);
  return out;
}

const kCrcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; ++bit) {
    n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  }
  return n >>> 0;
});

/** CRC-32 (ISO 3309): finds what a crash cut off. Against people, every record is sealed. */
function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc = (crc >>> 8) ^ (kCrcTable[(crc ^ byte) & 0xff] ?? 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
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
