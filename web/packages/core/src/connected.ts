// One device that stays connected: the engine over a transport, its actions carried out, its events told.
import type { Core } from "./core.js";
import type { Engine } from "./engine.js";
import { Session } from "./login.js";
import { Rest } from "./rest.js";
import type { RecordStore } from "./store.js";
import type { Connection, Transport } from "./transport.js";
import { CoreError, type CoreEvent, type EventOf, type EventType } from "./types.js";

const kTick = 1000;
const kTokenMargin = 60_000;
const kFirstDelay = 500;
const kLastDelay = 30_000;
const kPatience = 30_000;
const kTokenRanOut = 4401;
const kSessionRevoked = 4403;

export interface ClientOptions {
  core: Core;
  store: RecordStore;
  /** 32 bytes that seal the records. */
  key: Uint8Array;
  /** "https://chat.example.org:9200" */
  server: string;
  /** "wss://...": instead of what the server tells. */
  gateway?: string;
  transport: Transport;
  /** Keeps the store's generation where a restored copy of the store does not take it back. */
  generation?: { read(): number; remember(generation: number): void };
  platform?: string;
}

export type Listener<T extends EventType> = (event: EventOf<T>) => void;

export class Connected {
  private readonly listeners = new Map<string, Set<(event: CoreEvent) => void>>();
  protected readonly rest: Rest;
  protected readonly session: Session;
  private connection: Connection | undefined;
  private ticker: ReturnType<typeof setInterval> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private wanted = false;
  private open = false;
  private connecting = 0; // number of the present attempt
  private attempts = 0;
  private askedDelay = 0;
  private refreshFirst = false;
  private tokenEnds: number | undefined;
  private remembered = 0;
  private closed = false;
  /** Why the client gave up, until the next `connect`. */
  failure: CoreError | undefined;

  protected constructor(
    protected readonly options: ClientOptions,
    protected readonly engine: Engine,
  ) {
    this.rest = new Rest(options.server.replace(/\/+$/, ""), options.transport);
    this.session = new Session(engine, this.rest);
  }

  /** Ends connection and engine; the store is the caller's. */
  close(): void {
    if (!this.closed) {
      this.disconnect();
      this.closed = true;
      this.engine.close();
    }
  }

  // ---- connection ----
  /** Connects and stays connected until `disconnect`. Resolves once the engine has caught up with the server. */
  async connect(): Promise<void> {
    this.failure = undefined;
    if (!this.wanted) {
      this.wanted = true;
      this.attempts = 0;
      this.ticker = setInterval(() => this.tick(), kTick);
      void this.dial();
    }
    await this.settled();
  }
  disconnect(): void {
    this.wanted = false;
    clearInterval(this.ticker);
    clearTimeout(this.retry);
    this.drop();
  }

  /** Why it is not connected any more and will not be by itself. */
  async ending(): Promise<{ code: string; message: string } | null> {
    return this.failure ? { code: this.failure.code, message: this.failure.message } : null;
  }

  private async dial(): Promise<void> {
    const mine = ++this.connecting;
    try {
      const token = await this.session.token(kTokenMargin, this.refreshFirst);
      this.refreshFirst = false;
      if (mine !== this.connecting || !this.wanted) {
        return;
      }
      const present = <A extends unknown[]>(body: (...args: A) => void) => (...args: A) => {
        if (mine === this.connecting) {
          this.attempt(() => body(...args));
        }
      };
      const url = this.options.gateway ?? this.session.gateway;
      this.connection = this.options.transport.connect(url, ["unhidra.v1", `bearer.${token}`], {
        onOpen: present(() => {
          this.open = true;
          this.attempts = 0;
          this.engine.connectionOpened();
          this.flush();
        }),
        onMessage: present((frame: Uint8Array) => {
          this.receive(frame);
          this.flush();
        }),
        onClose: present((code: number, reason: string, status?: number) => {
          // A browser does not tell why an upgrade failed: one attempt with a fresh token finds out whether it was that.
          this.refreshFirst = code === kTokenRanOut || status === 401 || (!this.open && this.attempts === 1);
          this.drop();
          if (code === kSessionRevoked || status === 403) {
            this.giveUp(new CoreError("client.session_ended", "unauthenticated", reason || "the session has ended"));
          } else {
            this.later();
          }
        }),
      });
    } catch (error) {
      if (mine !== this.connecting) {
        return;
      }
      if (error instanceof CoreError && (error.kind === "unauthenticated" || error.kind === "denied")) {
        this.giveUp(new CoreError("client.session_ended", "unauthenticated", error.message, { cause: error }));
      } else {
        this.later();
      }
    }
  }

  // An unreadable frame asks for another connection by itself.
  private receive(frame: Uint8Array): void {
    try {
      this.engine.receive(frame);
    } catch (error) {
      if (!(error instanceof CoreError && error.code === "client.bad_frame")) {
        throw error;
      }
    }
  }

  private drop(): void {
    this.connecting++;
    this.connection?.close();
    this.connection = undefined;
    if (this.open) {
      this.open = false;
      this.attempt(() => {
        this.engine.connectionClosed();
        this.flush();
      });
    }
  }

  private later(): void {
    if (!this.wanted) {
      return;
    }
    const delay = Math.min(kLastDelay, kFirstDelay * 2 ** Math.min(this.attempts++, 8));
    const jittered = delay / 2 + Math.random() * (delay / 2);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.dial(), Math.max(jittered, this.askedDelay));
    this.askedDelay = 0;
  }

  private giveUp(error: CoreError): void {
    this.failure = error;
    this.disconnect();
    this.emit({ type: "disconnected" });
  }

  // What happens outside a caller's call: a failure of engine or store ends the connection, and is told to who waits.
  private attempt(body: () => void): void {
    try {
      body();
    } catch (error) {
      const known =
        error instanceof CoreError
          ? error
          : new CoreError("client.failed", "internal", String(error), { cause: error });
      if (this.wanted || this.failure === undefined) {
        this.failure = known;
      }
      this.wanted = false;
      clearInterval(this.ticker);
      clearTimeout(this.retry);
      this.connecting++;
      this.connection?.close();
      this.connection = undefined;
      this.open = false;
      this.emit({ type: "disconnected" });
    }
  }

  private tick(): void {
    this.attempt(() => {
      this.engine.tick();
      this.flush();
    });
    if (this.open && this.tokenEnds !== undefined && this.tokenEnds - Date.now() < kTokenMargin) {
      this.tokenEnds = undefined; // asked once; the answer brings the next time
      this.session.token(kTokenMargin, true).then(
        (token) => this.attempt(() => {
          this.engine.refreshToken(token);
          this.flush();
        }),
        () => undefined, // the connection ends with its token, and the next one asks again
      );
    }
  }

  protected flush(): void {
    this.rememberGeneration();
    const events: CoreEvent[] = [];
    let reconnect = false;
    for (const action of this.engine.actions()) {
      if (action.kind === "frame") {
        if (this.open) {
          this.connection?.send(action.frame);
        }
      } else if (action.kind === "event") {
        events.push(action.event);
      } else {
        reconnect = true;
      }
    }
    for (const event of events) {
      if (event.type === "tokenExpires" && event.at !== null) {
        this.tokenEnds = event.at / 1000;
      } else if (event.type === "serverClosing") {
        this.askedDelay = event.reconnectAfterMs;
      }
      this.emit(event);
    }
    if (reconnect && this.open) {
      this.drop();
      this.later();
    }
  }

  // Before the frames leave, so that a restored copy of the store is noticed.
  private rememberGeneration(): void {
    if (this.options.generation) {
      const { generation } = this.engine.state();
      if (generation !== this.remembered) {
        this.options.generation.remember(generation);
        this.remembered = generation;
      }
    }
  }

  // ---- events ----
  on<T extends EventType>(type: T, listener: Listener<T>): () => void;
  on(type: "*", listener: (event: CoreEvent) => void): () => void;
  on(type: string, listener: never): () => void {
    const set = this.listeners.get(type) ?? new Set();
    this.listeners.set(type, set);
    set.add(listener);
    return () => set.delete(listener);
  }
  protected emit(event: CoreEvent): void {
    for (const type of [event.type, "*"]) {
      for (const listener of [...(this.listeners.get(type) ?? [])]) {
        listener(event);
      }
    }
  }
  /** Resolves as soon as `check` answers something, asked now and after every event. */
  when<T>(check: (event?: CoreEvent) => T | undefined, timeout = kPatience): Promise<T> {
    return new Promise((resolve, reject) => {
      let stop = () => {};
      const ask = (event?: CoreEvent): boolean => {
        try {
          const value = check(event);
          if (value !== undefined) {
            stop();
            resolve(value);
            return true;
          }
          if (this.failure) {
            throw this.failure;
          }
          return false;
        } catch (error) {
          stop();
          reject(error);
          return true;
        }
      };
      if (ask()) {
        return;
      }
      const timer = setTimeout(() => {
        stop();
        reject(new CoreError("client.timed_out", "timeout", "not done in time"));
      }, timeout);
      const off = this.on("*", (event) => void ask(event));
      stop = () => {
        clearTimeout(timer);
        off();
      };
    });
  }
  /** Nothing is left to send or to fetch. */
  settled(timeout = kPatience): Promise<void> {
    return this.when(() => (this.engine.state().idle ? true : undefined), timeout).then(() => undefined);
  }

  protected command<T>(body: () => T): T {
    const value = body();
    this.flush();
    return value;
  }
}
