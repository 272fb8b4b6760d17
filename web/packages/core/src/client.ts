// One device that stays connected: the engine over a transport. What apps/unhidra-cli's driver is natively.
import { Engine } from "./engine.js";
import type { Core } from "./core.js";
import { Rest, type Credentials } from "./rest.js";
import { toHex, type RecordStore } from "./store.js";
import type { Connection, Transport } from "./transport.js";
import {
  CoreError, type Account, type Conversation, type CoreEvent, type Device, type EventOf, type EventType, type Id,
  type Message, type SafetyNumber, type User,
} from "./types.js";

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

interface Login {
  accessToken: string;
  expiresAt: number;
  refreshToken: string;
  gateway: string;
  /** Of a refresh under way. */
  retryKey: string;
}

export type Listener<T extends EventType> = (event: EventOf<T>) => void;

export class Client {
  private readonly listeners = new Map<string, Set<(event: CoreEvent) => void>>();
  private readonly rest: Rest;
  private login: Login | undefined;
  private connection: Connection | undefined;
  private ticker: ReturnType<typeof setInterval> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private refreshing: Promise<string> | undefined;
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

  private constructor(
    private readonly options: ClientOptions,
    private readonly engine: Engine,
  ) {
    this.rest = new Rest(options.server.replace(/\/+$/, ""), options.transport);
    const stored = engine.getValue("login");
    this.login = stored === undefined ? undefined : (JSON.parse(stored) as Login);
  }

  static open(options: ClientOptions): Client {
    const engine = Engine.open(options.core, options.store, options.key, options.generation?.read() ?? 0);
    return new Client(options, engine);
  }
  /** Ends connection and engine; the store is the caller's. */
  close(): void {
    if (!this.closed) {
      this.disconnect();
      this.closed = true;
      this.engine.close();
    }
  }

  get loggedIn(): boolean {
    return this.engine.state().enrolled;
  }

  // ---- account ----
  async register(credentials: Credentials, deviceName: string): Promise<void> {
    await this.become(credentials, deviceName, true);
  }
  async logIn(credentials: Credentials, deviceName: string): Promise<void> {
    await this.become(credentials, deviceName, false);
  }
  async logOut(): Promise<void> {
    await this.rest.logOut(await this.token(5000));
    this.disconnect();
    this.engine.removeValue("login");
    this.login = undefined;
  }

  private async become(credentials: Credentials, deviceName: string, fresh: boolean): Promise<void> {
    if (this.loggedIn) {
      throw new CoreError("client.already_enrolled", "conflict", "this store belongs to a device already");
    }
    const tokens = await (fresh ? this.rest.register(credentials) : this.rest.logIn(credentials));
    if (tokens.mustChangePassword) {
      throw new CoreError("client.must_change_password", "denied", "the server asks for a new password first");
    }
    const device = await this.rest.registerDevice(tokens.accessToken, deviceName, this.options.platform ?? "web");
    this.keepLogin({
      accessToken: device.accessToken,
      expiresAt: device.expiresAt,
      refreshToken: tokens.refreshToken,
      gateway: device.gatewayUrl || tokens.gatewayUrl,
      retryKey: "",
    });
    this.engine.enroll(tokens.userId, device.deviceId, credentials.username);
    this.flush();
  }

  private keepLogin(login: Login): void {
    this.engine.putValue("login", JSON.stringify(login));
    this.login = login;
  }

  // An access token that is good for `margin` milliseconds. One refresh at a time, stored before it is used.
  private async token(margin: number, force = false): Promise<string> {
    const login = this.login;
    if (!login) {
      throw new CoreError("client.not_enrolled", "unauthenticated", "not logged in");
    }
    if (!force && login.expiresAt - Date.now() > margin) {
      return login.accessToken;
    }
    this.refreshing ??= this.refresh(login).finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }
  private async refresh(login: Login): Promise<string> {
    if (login.retryKey === "") {
      // Stored first: should the answer be lost, the same question may be asked again.
      login = { ...login, retryKey: toHex(crypto.getRandomValues(new Uint8Array(16))) };
      this.keepLogin(login);
    }
    const { accessToken, expiresAt, refreshToken } = await this.rest.refresh(login.refreshToken, login.retryKey);
    this.keepLogin({ accessToken, expiresAt, refreshToken, gateway: login.gateway, retryKey: "" });
    return accessToken;
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

  private async dial(): Promise<void> {
    const mine = ++this.connecting;
    try {
      const token = await this.token(kTokenMargin, this.refreshFirst);
      this.refreshFirst = false;
      if (mine !== this.connecting || !this.wanted) {
        return;
      }
      const present = <A extends unknown[]>(body: (...args: A) => void) => (...args: A) => {
        if (mine === this.connecting) {
          this.attempt(() => body(...args));
        }
      };
      const url = this.options.gateway ?? this.login?.gateway ?? "";
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
      this.token(kTokenMargin, true).then(
        (token) => this.attempt(() => {
          this.engine.refreshToken(token);
          this.flush();
        }),
        () => undefined, // the connection ends with its token, and the next one asks again
      );
    }
  }

  private flush(): void {
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
  private emit(event: CoreEvent): void {
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

  // ---- people and messages ----
  async findUser(username: string): Promise<User> {
    const known = this.engine.userNamed(username);
    if (known) {
      return known;
    }
    this.command(() => this.engine.lookUpUser(username));
    return this.when((event) => {
      if (event?.type === "userNotFound" && event.username === username) {
        throw new CoreError("client.not_found", "not_found", `there is no user ${username}`);
      }
      return this.engine.userNamed(username) ?? undefined;
    });
  }
  /** Stored and queued when it resolves; `messageStateChanged` tells that the server has it. */
  async send(username: string, text: string): Promise<Id> {
    const peer = await this.findUser(username);
    return this.command(() => this.engine.sendText(peer.id, text));
  }
  async history(username: string, beforeIndex?: number, limit?: number): Promise<Message[]> {
    const peer = this.engine.userNamed(username);
    const conversation = peer && this.engine.conversationWith(peer.id);
    return conversation ? this.engine.history(conversation.id, beforeIndex, limit) : [];
  }
  async safetyNumber(username: string): Promise<SafetyNumber> {
    const user = await this.findUser(username);
    this.command(() => this.engine.refreshUser(user.id));
    await this.settled();
    return this.engine.safetyNumber(user.id);
  }
  async setVerified(username: string, verified: boolean): Promise<void> {
    const user = await this.findUser(username);
    this.command(() => this.engine.setVerified(user.id, verified));
  }
  async acceptIdentity(username: string): Promise<void> {
    const user = await this.findUser(username);
    this.command(() => this.engine.acceptIdentity(user.id));
  }
  async account(): Promise<Account> {
    return this.engine.account();
  }
  async devices(): Promise<Device[]> {
    return this.engine.devices();
  }
  async approveDevice(device: Id): Promise<void> {
    this.command(() => this.engine.approveDevice(device));
  }
  async removeDevice(device: Id): Promise<void> {
    this.command(() => this.engine.removeDevice(device));
  }
  async conversations(): Promise<Conversation[]> {
    return this.engine.conversations();
  }

  private command<T>(body: () => T): T {
    const value = body();
    this.flush();
    return value;
  }
}
