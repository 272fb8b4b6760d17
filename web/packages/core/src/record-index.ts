// Where every record of a log stands. Typed arrays: objects in a Map would take ten times the memory, and filling it
// would be most of the time that opening a store takes.
import { kKindSize, kNameSize } from "./store.js";

const kFirst = 1024; // entries
const kEmpty = 0;
const kGone = -1; // a slot that was used: looking for a name goes on behind it
const kMostKinds = 254;
const kNoKind = 255; // of an entry until it is filled in

export class RecordIndex {
  private names = new Uint8Array(kFirst * kNameSize);
  private places = new Float64Array(kFirst);
  private sizes = new Uint32Array(kFirst);
  private kinds = new Uint8Array(kFirst); // number of the kind from 1; 0: the entry is free
  private readonly free: number[] = [];
  private used = 0; // entries, free ones below it included
  private slots = new Int32Array(2 * kFirst); // number of the entry from 1, kEmpty or kGone
  private filled = 0; // slots that are not kEmpty
  private readonly kindNames: Uint8Array[] = [];
  /** Records. */
  count = 0;
  /** Of all contents together. */
  bytes = 0;

  find(name: Uint8Array): { at: number; size: number } | undefined {
    const entry = this.entryOf(name);
    return entry < 0 ? undefined : { at: this.places[entry]!, size: this.sizes[entry]! };
  }
  /** The content's place; undefined without such a record. */
  placeOf(name: Uint8Array): number | undefined {
    const entry = this.entryOf(name);
    return entry < 0 ? undefined : this.places[entry];
  }

  put(name: Uint8Array, kind: Uint8Array, at: number, size: number): void {
    const slot = this.slotOf(name);
    let entry = 0;
    if (slot < 0) {
      entry = this.add(name, ~slot);
    } else {
      entry = this.slots[slot]! - 1;
      this.bytes -= this.sizes[entry]!;
    }
    this.kinds[entry] = this.numberOf(kind);
    this.places[entry] = at;
    this.sizes[entry] = size;
    this.bytes += size;
  }

  remove(name: Uint8Array): void {
    const slot = this.slotOf(name);
    if (slot < 0) {
      return;
    }
    const entry = this.slots[slot]! - 1;
    this.slots[slot] = kGone;
    this.kinds[entry] = 0;
    this.free.push(entry);
    this.bytes -= this.sizes[entry]!;
    --this.count;
  }

  /** In the order of the log. The names are views that later changes overwrite. */
  ofKind(kind: Uint8Array): { name: Uint8Array; at: number; size: number }[] {
    const number = this.knownKind(kind);
    return number === 0 ? [] : this.sorted((entry) => this.kinds[entry] === number);
  }
  /** In no order, with their kinds. The names are views that later changes overwrite. */
  *all(): Generator<{ name: Uint8Array; kind: Uint8Array; at: number; size: number }> {
    for (let entry = 0; entry < this.used; ++entry) {
      const kind = this.kinds[entry]!;
      if (kind !== 0) {
        yield { name: this.nameOf(entry), kind: this.kindNames[kind - 1]!, at: this.places[entry]!, size: this.sizes[entry]! };
      }
    }
  }

  private sorted(wanted: (entry: number) => boolean): { name: Uint8Array; at: number; size: number }[] {
    const out = [];
    for (let entry = 0; entry < this.used; ++entry) {
      if (wanted(entry)) {
        out.push({ name: this.nameOf(entry), at: this.places[entry]!, size: this.sizes[entry]! });
      }
    }
    return out.sort((a, b) => a.at - b.at);
  }

  private nameOf(entry: number): Uint8Array {
    return this.names.subarray(entry * kNameSize, (entry + 1) * kNameSize);
  }
  private entryOf(name: Uint8Array): number {
    const slot = this.slotOf(name);
    return slot < 0 ? -1 : this.slots[slot]! - 1;
  }
  // Of a name that is not there: the complement of the slot in which it would stand.
  private slotOf(name: Uint8Array): number {
    const mask = this.slots.length - 1;
    for (let slot = hashOf(name, 0) & mask; ; slot = (slot + 1) & mask) {
      const found = this.slots[slot]!;
      if (found === kEmpty) {
        return ~slot;
      }
      if (found !== kGone && isSame(this.names, (found - 1) * kNameSize, name)) {
        return slot;
      }
    }
  }

  private add(name: Uint8Array, slot: number): number {
    const entry = this.free.pop() ?? this.used++;
    if (entry >= this.sizes.length) {
      this.grow();
    }
    this.names.set(name, entry * kNameSize);
    this.slots[slot] = entry + 1;
    ++this.count;
    if (2 * ++this.filled > this.slots.length) {
      this.kinds[entry] = kNoKind;
      this.rehash();
    }
    return entry;
  }
  // Without the slots of what is gone; more of them when the records need them.
  private rehash(): void {
    let size = this.slots.length;
    while (size < 4 * this.count) {
      size *= 2;
    }
    const slots = new Int32Array(size);
    for (let entry = 0; entry < this.used; ++entry) {
      if (this.kinds[entry] !== 0) {
        let slot = hashOf(this.names, entry * kNameSize) & (size - 1);
        while (slots[slot] !== kEmpty) {
          slot = (slot + 1) & (size - 1);
        }
        slots[slot] = entry + 1;
      }
    }
    this.slots = slots;
    this.filled = this.count;
  }
  private grow(): void {
    const size = 2 * this.sizes.length;
    this.names = copied(this.names, new Uint8Array(size * kNameSize));
    this.places = copied(this.places, new Float64Array(size));
    this.sizes = copied(this.sizes, new Uint32Array(size));
    this.kinds = copied(this.kinds, new Uint8Array(size));
  }

  private knownKind(kind: Uint8Array): number {
    for (let number = 1; number <= this.kindNames.length; ++number) {
      if (isSame(this.kindNames[number - 1]!, 0, kind)) {
        return number;
      }
    }
    return 0;
  }
  private numberOf(kind: Uint8Array): number {
    const known = this.knownKind(kind);
    if (known !== 0) {
      return known;
    }
    if (this.kindNames.length === kMostKinds || kind.length !== kKindSize) {
      throw new Error("more kinds of records than there are");
    }
    return this.kindNames.push(kind.slice());
  }
}

// Names are blinded by a keyed hash: any part of them is as good as a hash. Both ends, for tests that count up.
function hashOf(bytes: Uint8Array, at: number): number {
  const word = (from: number) => bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24);
  const mixed = word(at) ^ Math.imul(word(at + kNameSize - 4), 0x9e3779b1);
  return mixed ^ (mixed >>> 12) ^ (mixed >>> 24);
}
function isSame(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; ++i) {
    if (bytes[at + i] !== wanted[i]) {
      return false;
    }
  }
  return true;
}
function copied<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
