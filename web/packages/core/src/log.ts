// One file with commits behind each other, and beside it a second one that says where their records stand, so that
// opening reads places and not contents.
import { RecordIndex } from "./record-index.js";
import { Changes, kKindSize, kNameSize, type SyncFile } from "./store.js";
import { CoreError } from "./types.js";

export interface LogFiles {
  commits: SyncFile;
  /** May be lost, cut off or damaged: what it does not tell is read from the commits. */
  places: SyncFile;
}

const kCommitsMagic = new TextEncoder().encode("UNHSTORE");
const kPlacesMagic = new TextEncoder().encode("UNHPLACE");
export const kHeader = 16; // magic, version, sequence
export const kFrame = 8; // length and checksum of one commit, or of a part of the places
const kVersion = 1;
const kBlock = 1 << 20; // a call to a file costs more than its bytes
const kNear = 1 << 15; // bytes between two records that are read in one call
const kPart = 1 << 16; // bytes of places that are written at once
const kCovered = 16; // the part of the log that a part of the places is about: from, to
const kPlaceSize = 1 + kNameSize + kKindSize + 12;
const kOutdated = 4096; // places of records that have changed since, before they are all written anew

/** Reads small pieces that follow each other in large blocks. What it answers stays valid. */
export class BlockReader {
  private block = new Uint8Array(0);
  private start = 0;
  constructor(
    private readonly file: SyncFile,
    private readonly end: number,
    private readonly size = kBlock,
  ) {}
  take(at: number, size: number): Uint8Array {
    if (at < this.start || at + size > this.start + this.block.length) {
      this.block = new Uint8Array(Math.max(size, Math.min(this.size, this.end - at)));
      this.start = at;
      this.file.read(at, this.block);
    }
    return this.block.subarray(at - this.start, at - this.start + size);
  }
}

/** What was changed last: written to the places once it is much. */
class Unwritten {
  private bytes = new Uint8Array(kPart);
  private view = new DataView(this.bytes.buffer);
  private end = kCovered;

  get isMuch(): boolean {
    return this.end > kPart - kPlaceSize;
  }
  put(name: Uint8Array, kind: Uint8Array, at: number, size: number): void {
    const start = this.room(kPlaceSize);
    this.bytes[start] = 1;
    this.bytes.set(name, start + 1);
    this.bytes.set(kind, start + 1 + kNameSize);
    this.view.setFloat64(start + kPlaceSize - 12, at);
    this.view.setUint32(start + kPlaceSize - 4, size);
  }
  remove(name: Uint8Array): void {
    const start = this.room(1 + kNameSize);
    this.bytes[start] = 0;
    this.bytes.set(name, start + 1);
  }
  take(from: number, to: number): Uint8Array {
    this.view.setFloat64(0, from);
    this.view.setFloat64(8, to);
    const out = framed(this.bytes.subarray(0, this.end));
    this.end = kCovered;
    return out;
  }
  private room(size: number): number {
    if (this.end + size > this.bytes.length) {
      const larger = new Uint8Array(2 * this.bytes.length);
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    this.end += size;
    return this.end - size;
  }
}

export class Log {
  readonly index = new RecordIndex();
  /** Of the commits. */
  end = kHeader;
  private unwritten = new Unwritten();
  private told = kHeader; // the places tell of the commits up to here
  private placesEnd = kHeader;

  private constructor(
    readonly files: LogFiles,
    readonly sequence: number,
  ) {}

  /** A new one is not valid before `seal`. */
  static create(files: LogFiles, sequence: number): Log {
    const out = new Log(files, sequence);
    files.commits.truncate(0);
    files.commits.write(0, new Uint8Array(kHeader));
    out.restartPlaces();
    return out;
  }
  static open(files: LogFiles, sequence: number): Log {
    const out = new Log(files, sequence);
    const outdated = out.readPlaces();
    out.replay();
    if (outdated) {
      out.restartPlaces();
      for (const { name, kind, at, size } of out.index.all()) {
        out.unwritten.put(name, kind, at, size);
      }
    }
    if (out.told < out.end) {
      out.flush(); // a crash may have kept the last commits from being durable
      out.writePlaces();
    }
    return out;
  }
  /** From now on it is the valid one. */
  seal(): void {
    this.flush();
    this.writePlaces();
    writeHeader(this.files.commits, kCommitsMagic, this.sequence);
    this.files.commits.flush();
  }

  get(name: Uint8Array): Uint8Array | undefined {
    const found = this.index.find(name);
    if (!found) {
      return undefined;
    }
    const out = new Uint8Array(found.size);
    this.files.commits.read(found.at, out);
    return out;
  }
  *ofKind(kind: Uint8Array): Generator<[Uint8Array, Uint8Array]> {
    const wanted = this.index.ofKind(kind);
    for (let first = 0; first < wanted.length; ) {
      const start = wanted[first]!.at;
      let last = first;
      const endOf = (one: number) => wanted[one]!.at + wanted[one]!.size;
      while (last + 1 < wanted.length && wanted[last + 1]!.at - endOf(last) < kNear && endOf(last + 1) - start < kBlock) {
        ++last;
      }
      const block = new Uint8Array(endOf(last) - start);
      this.files.commits.read(start, block);
      for (; first <= last; ++first) {
        const { name, at, size } = wanted[first]!;
        yield [name, block.subarray(at - start, at - start + size)];
      }
    }
  }

  /** Durable when it returns. */
  append(changes: Changes): void {
    this.add([changes]);
    this.flush();
    this.tellPlaces();
  }
  /** Durable after `flush`. */
  add(commits: Changes[]): void {
    const frames = commits.map(({ encoded }) => framed(encoded));
    const block = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
    let at = 0;
    for (const frame of frames) {
      block.set(frame, at);
      at += frame.length;
    }
    this.files.commits.write(this.end, block);
    for (const changes of commits) {
      this.apply(changes, this.end + kFrame);
      this.end += kFrame + changes.encoded.length;
    }
  }
  flush(): void {
    this.files.commits.flush();
  }
  /** Only of what is durable, or of a log that is not valid yet. */
  tellPlaces(): void {
    if (this.unwritten.isMuch) {
      this.writePlaces();
    }
  }
  private apply(changes: Changes, base: number): void {
    for (const { name, record } of changes) {
      if (record) {
        const at = base + record.at;
        this.index.put(name, record.kind, at, record.content.length);
        this.unwritten.put(name, record.kind, at, record.content.length);
      } else {
        this.index.remove(name);
        this.unwritten.remove(name);
      }
    }
  }

  /** The commits between two places, each with its own place. */
  *commits(from: number, to: number, block?: number): Generator<{ changes: Changes; at: number; next: number; intact: boolean }> {
    const reader = new BlockReader(this.files.commits, to, block);
    for (let at = from; to - at >= kFrame; ) {
      const frame = reader.take(at, kFrame);
      const header = new DataView(frame.buffer, frame.byteOffset, kFrame);
      const [length, sum] = [header.getUint32(0), header.getUint32(4)];
      const next = at + kFrame + length;
      if (next > to) {
        return;
      }
      const encoded = reader.take(at + kFrame, length);
      yield { changes: new Changes(encoded), at: at + kFrame, next, intact: checksum(encoded) === sum };
      at = next;
    }
  }

  /** Tells the places everything; not of use after a failed write. */
  close(wellKept: boolean): void {
    if (wellKept) {
      this.writePlaces();
    }
    this.files.commits.close();
    this.files.places.close();
  }

  // ---- places ----
  // Lost or torn they are read from the commits: never flushed.
  private writePlaces(): void {
    if (this.told === this.end) {
      return;
    }
    const part = this.unwritten.take(this.told, this.end);
    this.files.places.write(this.placesEnd, part);
    this.placesEnd += part.length;
    this.told = this.end;
  }
  private restartPlaces(): void {
    this.files.places.truncate(0);
    writeHeader(this.files.places, kPlacesMagic, this.sequence);
    this.placesEnd = kHeader;
    this.told = kHeader;
    this.unwritten = new Unwritten();
  }

  // Answers whether most of them are about what has changed since.
  private readPlaces(): boolean {
    const { places, commits } = this.files;
    const size = places.size();
    let entries = 0;
    if (sequenceOf(places, kPlacesMagic) === this.sequence) {
      const bytes = new Uint8Array(size);
      places.read(0, bytes);
      for (let next = this.readPart(bytes, commits.size()); next > 0; next = this.readPart(bytes, commits.size())) {
        entries += next;
      }
    }
    if (this.told === kHeader) {
      this.restartPlaces();
      return false;
    }
    this.end = this.told;
    if (this.placesEnd < size) {
      places.truncate(this.placesEnd);
    }
    return entries > 2 * this.index.count + kOutdated;
  }
  // Answers how many entries the part has that follows; 0: none does.
  private readPart(bytes: Uint8Array, most: number): number {
    const view = new DataView(bytes.buffer);
    const start = this.placesEnd + kFrame;
    if (start > bytes.length) {
      return 0;
    }
    const end = start + view.getUint32(this.placesEnd);
    if (end > bytes.length || end < start + kCovered || checksum(bytes.subarray(start, end)) !== view.getUint32(start - 4)) {
      return 0;
    }
    const to = view.getFloat64(start + 8);
    if (view.getFloat64(start) !== this.told || to > most) {
      return 0;
    }
    let entries = 0;
    for (let at = start + kCovered; at < end; ++entries) {
      const name = bytes.subarray(at + 1, at + 1 + kNameSize);
      if (bytes[at] === 1) {
        const kind = bytes.subarray(at + 1 + kNameSize, at + 1 + kNameSize + kKindSize);
        this.index.put(name, kind, view.getFloat64(at + kPlaceSize - 12), view.getUint32(at + kPlaceSize - 4));
        at += kPlaceSize;
      } else {
        this.index.remove(name);
        at += 1 + kNameSize;
      }
    }
    this.placesEnd = end;
    this.told = to;
    return entries;
  }

  // What the places do not tell.
  private replay(): void {
    const size = this.files.commits.size();
    for (const { changes, at, next, intact } of this.commits(this.end, size)) {
      if (!intact) {
        if (next === size) {
          break; // cut off by a crash
        }
        throw new CoreError("store.corrupt", "corrupt", "the store is damaged");
      }
      this.apply(changes, at);
      this.end = next;
    }
    if (this.end < size) {
      this.files.commits.truncate(this.end);
    }
  }
}

/** 0: there is no log that counts. */
export const sequenceOfLog = ({ commits }: LogFiles): number => sequenceOf(commits, kCommitsMagic);

export function startLog(files: LogFiles): void {
  files.commits.truncate(0);
  writeHeader(files.commits, kCommitsMagic, 1);
  files.commits.flush();
}
/** Not valid any more, whatever happens next. */
export function emptyLog({ commits, places }: LogFiles): void {
  if (commits.size() > 0) {
    commits.truncate(0);
    commits.flush();
  }
  places.truncate(0);
}

function sequenceOf(file: SyncFile, magic: Uint8Array): number {
  if (file.size() < kHeader) {
    return 0;
  }
  const header = new Uint8Array(kHeader);
  file.read(0, header);
  if (!magic.every((byte, i) => header[i] === byte)) {
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

function writeHeader(file: SyncFile, magic: Uint8Array, sequence: number): void {
  const header = new Uint8Array(kHeader);
  header.set(magic);
  new DataView(header.buffer).setUint32(8, kVersion);
  new DataView(header.buffer).setUint32(12, sequence);
  file.write(0, header);
}

function framed(encoded: Uint8Array): Uint8Array {
  const out = new Uint8Array(kFrame + encoded.length);
  new DataView(out.buffer).setUint32(0, encoded.length);
  new DataView(out.buffer).setUint32(4, checksum(encoded));
  out.set(encoded, kFrame);
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
  for (let i = 0; i < bytes.length; ++i) {
    crc = (crc >>> 8) ^ kCrcTable[(crc ^ bytes[i]!) & 0xff]!;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
