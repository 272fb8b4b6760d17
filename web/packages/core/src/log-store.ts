// Records in a log that survives a crash at any byte. What is outdated is left behind while the store is used, a
// little with each commit, so that opening never has to wait for it.
import { emptyLog, kHeader, Log, sequenceOfLog, startLog, type LogFiles } from "./log.js";
import { Changes, type Change, type RecordStore } from "./store.js";
import { CoreError } from "./types.js";

const kWorthMoving = 1 << 20;
const kStep = 1 << 18; // bytes of the log that are looked through with a commit
const kUnflushed = 1 << 22;

/** Takes what counts of one log into another. */
class Move {
  private readonly begun: number; // removals behind it may be of what was taken along
  private scanned = kHeader;
  private unflushed = 0;

  constructor(
    private readonly from: Log,
    readonly to: Log,
  ) {
    this.begun = from.end;
  }

  /** Answers whether everything is there. */
  step(bytes: number): boolean {
    const kept: Changes[] = [];
    const begun = this.scanned;
    const until = begun + bytes;
    for (const { changes, at, next, intact } of this.from.commits(this.scanned, this.from.end, kStep)) {
      if (!intact) {
        break;
      }
      const counting = [...changes].filter((change) => this.counts(change, at));
      if (counting.length > 0) {
        kept.push(encode(counting));
      }
      this.scanned = next;
      if (next >= until) {
        break;
      }
    }
    if (this.scanned === begun && begun < this.from.end) {
      throw new CoreError("store.corrupt", "corrupt", "the store is damaged");
    }
    this.keep(kept);
    return this.scanned === this.from.end;
  }

  private counts({ name, record }: Change, base: number): boolean {
    return record ? this.from.index.placeOf(name) === base + record.at : base > this.begun;
  }

  private keep(commits: Changes[]): void {
    const before = this.to.end;
    this.to.add(commits);
    this.to.tellPlaces();
    this.unflushed += this.to.end - before;
    if (this.unflushed > kUnflushed) {
      this.to.flush();
      this.unflushed = 0;
    }
  }
}

export class LogStore implements RecordStore {
  private move: Move | undefined;
  private notBefore = kWorthMoving; // a length of the log
  private broken = false;

  private constructor(
    private log: Log,
    private spare: LogFiles,
  ) {}

  /** Each with its places. Of the two logs the one with the higher sequence is valid. */
  static open(first: LogFiles, second: LogFiles): LogStore {
    const [a, b] = [sequenceOfLog(first), sequenceOfLog(second)];
    if (a === 0 && b === 0) {
      startLog(first);
    }
    const store = b > a ? new LogStore(Log.open(second, b), first) : new LogStore(Log.open(first, a || 1), second);
    emptyLog(store.spare);
    return store;
  }

  get(name: Uint8Array): Uint8Array | undefined {
    return this.log.get(name);
  }
  ofKind(kind: Uint8Array): Iterable<[Uint8Array, Uint8Array]> {
    return this.log.ofKind(kind);
  }
  commit(changes: Changes): void {
    if (this.broken) {
      throw new CoreError("store.failed", "unavailable", "an earlier write failed: open the store again");
    }
    this.broken = true; // until it is known that all is there
    this.log.append(changes);
    this.broken = false;
    this.tidy(Math.max(kStep, 4 * changes.encoded.length));
  }
  close(): void {
    this.log.close(!this.broken);
    this.spare.commits.close();
    this.spare.places.close();
  }

  private tidy(bytes: number): void {
    const { log } = this;
    if (!this.move && (log.end < this.notBefore || log.index.bytes * 2 >= log.end)) {
      return;
    }
    try {
      this.move ??= new Move(log, Log.create(this.spare, log.sequence + 1));
      if (this.move.step(bytes)) {
        this.move.to.seal();
        [this.log, this.spare] = [this.move.to, log.files];
        this.move = undefined;
        emptyLog(this.spare);
      }
    } catch {
      this.giveUpMove(log);
    }
  }
  // The commits are durable: without room for a second log the first one serves, as long as the other is surely not valid.
  private giveUpMove(log: Log): void {
    this.move = undefined;
    this.notBefore = 2 * log.end;
    if (this.log === log) {
      this.broken = true;
      emptyLog(this.spare);
      this.broken = false;
    }
  }
}

function encode(changes: Change[]): Changes {
  const sizeOf = ({ record }: Change) => (record ? 53 + record.content.length : 33);
  const out = new Uint8Array(changes.reduce((sum, change) => sum + sizeOf(change), 0));
  let at = 0;
  for (const change of changes) {
    const { name, record } = change;
    out[at] = record ? 1 : 0;
    out.set(name, at + 1);
    if (record) {
      out.set(record.kind, at + 33);
      new DataView(out.buffer).setUint32(at + 49, record.content.length);
      out.set(record.content, at + 53);
    }
    at += sizeOf(change);
  }
  return new Changes(out);
}
