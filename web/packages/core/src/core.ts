// The module in this thread: loads it, gives it what a host must give, and makes its calls safe for TypeScript.
import { Changes, kKindSize, kNameSize, type RecordStore } from "./store.js";
import { CoreError } from "./types.js";

const kMajor = 1;
const kMinor = 5;
const kFailed = -1;
const kAbsent = -2;
const kBusy = -4;

type Number32 = number;
type Export = (...args: (number | bigint)[]) => Number32;

/** A span for a call: text, or bytes. */
export type Argument = string | Uint8Array;

export class Core {
  private readonly stores = new Map<number, RecordStore>();
  private lastStore = 0;
  private found: Uint8Array | undefined;
  private hostFailure: unknown;
  private dead: unknown;
  private diagnostics = "";
  private exports!: Record<string, Export>;
  /** Linear memory, for tests of what is left in it. */
  memory!: WebAssembly.Memory;

  private constructor() {}

  /** Instantiates unhidra_core.wasm, given as bytes or compiled. */
  static async load(source: BufferSource | WebAssembly.Module): Promise<Core> {
    const module = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
    const core = new Core();
    const instance = await WebAssembly.instantiate(module, core.imports());
    core.exports = instance.exports as unknown as Record<string, Export>;
    core.memory = instance.exports.memory as WebAssembly.Memory;
    core.invoke("_initialize", []);
    const version = core.invoke("unhidra_interface_version", []);
    if (version >>> 16 !== kMajor || (version & 0xffff) < kMinor) {
      throw new CoreError("core.version", "invalid", `the module's interface is ${version >>> 16}.${version & 0xffff}`);
    }
    return core;
  }

  addStore(store: RecordStore): number {
    this.stores.set(++this.lastStore, store);
    return this.lastStore;
  }
  removeStore(number: number): void {
    this.stores.delete(number);
  }

  /**
   * One call. Spans become a pointer and a length; refusals are thrown. Answers the call's number; `answer()` is what
   * it left.
   */
  call(name: string, ...args: (number | bigint | Argument)[]): number {
    const buffers: number[] = [];
    const values: (number | bigint)[] = [];
    try {
      for (const arg of args) {
        if (typeof arg === "number" || typeof arg === "bigint") {
          values.push(arg);
          continue;
        }
        const bytes = typeof arg === "string" ? new TextEncoder().encode(arg) : arg;
        const buffer = this.invoke("unhidra_buffer_new", [bytes.length]);
        if (buffer === 0) {
          throw new CoreError("core.full", "unavailable", "the argument is too large, or the module is busy");
        }
        buffers.push(buffer);
        new Uint8Array(this.memory.buffer).set(bytes, buffer);
        values.push(buffer, bytes.length);
      }
      this.hostFailure = undefined;
      const value = this.invoke(name, values);
      if (value < 0) {
        throw this.refusal(value);
      }
      return value;
    } finally {
      if (this.dead === undefined) {
        buffers.forEach((buffer) => this.invoke("unhidra_buffer_free", [buffer]));
      }
    }
  }

  answer(): Uint8Array {
    const at = this.invoke("unhidra_answer", []);
    return new Uint8Array(this.memory.buffer, at, this.invoke("unhidra_answer_size", [])).slice();
  }
  answerText(): string {
    return new TextDecoder().decode(this.answer());
  }
  answerJson<T>(): T {
    return JSON.parse(this.answerText()) as T;
  }

  private refusal(value: number): CoreError {
    if (value === kBusy) {
      return new CoreError("core.busy", "conflict", "called from within a call to the module");
    }
    const { code, kind, message } = this.answerJson<{ code: string; kind: string; message: string }>();
    return new CoreError(code, kind, message, this.hostFailure === undefined ? undefined : { cause: this.hostFailure });
  }

  private invoke(name: string, args: (number | bigint)[]): number {
    if (this.dead !== undefined) {
      throw new CoreError("core.dead", "internal", "the module has ended: load another one", { cause: this.dead });
    }
    const call = this.exports[name];
    if (!call) {
      throw new CoreError("core.version", "invalid", `the module lacks ${name}`);
    }
    try {
      return call(...args);
    } catch (error) {
      // Only exhausted memory gets here: the module's state is unknown from now on.
      this.dead = error;
      throw new CoreError("core.dead", "internal", `the module has ended: ${error} ${this.diagnostics}`, {
        cause: error,
      });
    }
  }

  private bytes(at: number, size: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at >>> 0, size >>> 0);
  }

  // A failure here must not pass through the module's frames as an exception.
  private guarded(body: () => number): number {
    try {
      return body();
    } catch (error) {
      this.hostFailure = error;
      return kFailed;
    }
  }
  private withStore(number: number, body: (store: RecordStore) => number): number {
    return this.guarded(() => {
      const store = this.stores.get(number >>> 0);
      return store ? body(store) : kFailed;
    });
  }

  private imports(): WebAssembly.Imports {
    const epoch = performance.timeOrigin;
    return {
      unhidra_host: {
        now: () => BigInt(Date.now()) * 1000n,
        steady_now: () => BigInt(Math.round((epoch + performance.now()) * 1000)) * 1000n,
        store_get: (store: number, name: number) =>
          this.withStore(store, (records) => {
            this.found = records.get(this.bytes(name, kNameSize));
            return this.found ? this.found.length : kAbsent;
          }),
        store_load: (store: number, kind: number) =>
          this.withStore(store, (records) => {
            this.found = concatenated(records.ofKind(this.bytes(kind, kKindSize)));
            return this.found.length;
          }),
        store_take: (_store: number, out: number, size: number) =>
          this.guarded(() => {
            if (!this.found || this.found.length !== size >>> 0) {
              return kFailed;
            }
            this.bytes(out, size).set(this.found);
            this.found = undefined;
            return 0;
          }),
        store_commit: (store: number, changes: number, size: number) =>
          this.withStore(store, (records) => {
            // A copy: what a store keeps must not be a view of the module's memory.
            records.commit(new Changes(this.bytes(changes, size).slice()));
            return 0;
          }),
      },
      wasi_snapshot_preview1: {
        random_get: (at: number, size: number) => {
          for (let done = 0; done < size; done += 65536) {
            crypto.getRandomValues(this.bytes(at + done, Math.min(65536, size - done)));
          }
          return 0;
        },
        // The C library's last words, should it abort.
        fd_write: (_fd: number, vectors: number, count: number, written: number) => {
          const view = new DataView(this.memory.buffer);
          let total = 0;
          for (let i = 0; i < count; ++i) {
            const size = view.getUint32(vectors + 8 * i + 4, true);
            this.diagnostics += new TextDecoder().decode(this.bytes(view.getUint32(vectors + 8 * i, true), size));
            total += size;
          }
          this.diagnostics = this.diagnostics.slice(-1000);
          view.setUint32(written, total, true);
          return 0;
        },
        fd_seek: () => 8, // EBADF
        fd_close: () => 8,
      },
    };
  }
}

function concatenated(records: Iterable<[Uint8Array, Uint8Array]>): Uint8Array {
  const all = [...records];
  const out = new Uint8Array(all.reduce((sum, [, content]) => sum + 36 + content.length, 0));
  let at = 0;
  for (const [name, content] of all) {
    out.set(name, at);
    new DataView(out.buffer).setUint32(at + 32, content.length);
    out.set(content, at + 36);
    at += 36 + content.length;
  }
  return out;
}
