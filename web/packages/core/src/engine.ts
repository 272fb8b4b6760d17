// client::Engine, typed. Every call is synchronous and durable when it returns; what it wants done is in `actions()`.
import { Core } from "./core.js";
import type { RecordStore } from "./store.js";
import type {
  Account, Conversation, CoreEvent, Device, EngineState, Id, Message, SafetyNumber, User,
} from "./types.js";

export type Action =
  | { kind: "frame"; frame: Uint8Array }
  | { kind: "event"; event: CoreEvent }
  | { kind: "reconnect" };

export class Engine {
  private constructor(
    private readonly core: Core,
    private readonly handle: number,
    private readonly storeNumber: number,
  ) {}

  /**
   * Opens the engine on its store. `key`: 32 bytes that seal the records. `leastGeneration`: the last generation
   * remembered outside the store, so that an old copy of it is noticed.
   */
  static open(core: Core, store: RecordStore, key: Uint8Array, leastGeneration = 0): Engine {
    const number = core.addStore(store);
    try {
      return new Engine(core, core.call("unhidra_engine_open", number, key, BigInt(leastGeneration)), number);
    } catch (error) {
      core.removeStore(number);
      throw error;
    }
  }
  /** Ends the engine and overwrites its memory. The store stays open. */
  close(): void {
    this.core.call("unhidra_engine_close", this.handle);
    this.core.removeStore(this.storeNumber);
  }

  state(): EngineState {
    return this.ask("unhidra_engine_state");
  }
  enroll(user: Id, device: Id, username: string): void {
    this.core.call("unhidra_engine_enroll", this.handle, user, device, username);
  }

  /** The host's own values, sealed in the same store. */
  getValue(name: string): string | undefined {
    return this.core.call("unhidra_value_get", this.handle, name) === 1 ? this.core.answerText() : undefined;
  }
  putValue(name: string, value: string): void {
    this.core.call("unhidra_value_put", this.handle, name, value);
  }
  removeValue(name: string): void {
    this.core.call("unhidra_value_remove", this.handle, name);
  }

  // ---- inputs ----
  connectionOpened(): void {
    this.core.call("unhidra_engine_connection_opened", this.handle);
  }
  connectionClosed(): void {
    this.core.call("unhidra_engine_connection_closed", this.handle);
  }
  receive(frame: Uint8Array): void {
    this.core.call("unhidra_engine_receive", this.handle, frame);
  }
  tick(): void {
    this.core.call("unhidra_engine_tick", this.handle);
  }
  /** Takes what is to be done: frames in order, then events, then the wish to reconnect. */
  *actions(): Generator<Action> {
    for (;;) {
      switch (this.core.call("unhidra_engine_next", this.handle)) {
        case 0:
          return;
        case 1:
          yield { kind: "frame", frame: this.core.answer() };
          break;
        case 2:
          yield { kind: "event", event: this.core.answerJson() };
          break;
        case 3:
          yield { kind: "reconnect" };
          break;
      }
    }
  }

  // ---- commands; their outcome comes as events ----
  lookUpUser(username: string): void {
    this.core.call("unhidra_look_up_user", this.handle, username);
  }
  openConversation(peer: Id): void {
    this.core.call("unhidra_open_conversation", this.handle, peer);
  }
  /** Queued and stored at once, also without a connection. */
  sendText(peer: Id, text: string): Id {
    this.core.call("unhidra_send_text", this.handle, peer, text);
    return this.core.answerJson<{ messageId: Id }>().messageId;
  }
  refreshUser(user: Id): void {
    this.core.call("unhidra_refresh_user", this.handle, user);
  }
  acceptIdentity(user: Id): void {
    this.core.call("unhidra_accept_identity", this.handle, user);
  }
  setVerified(user: Id, verified: boolean): void {
    this.core.call("unhidra_set_verified", this.handle, user, verified ? 1 : 0);
  }
  approveDevice(device: Id): void {
    this.core.call("unhidra_approve_device", this.handle, device);
  }
  removeDevice(device: Id): void {
    this.core.call("unhidra_remove_device", this.handle, device);
  }
  refreshToken(token: string): void {
    this.core.call("unhidra_refresh_token", this.handle, token);
  }

  // ---- questions ----
  account(): Account {
    return this.ask("unhidra_account");
  }
  devices(): Device[] {
    return this.ask("unhidra_devices");
  }
  conversations(): Conversation[] {
    return this.ask("unhidra_conversations");
  }
  conversationWith(peer: Id): Conversation | null {
    return this.ask("unhidra_conversation_with", peer);
  }
  user(id: Id): User | null {
    return this.ask("unhidra_user", id);
  }
  userNamed(username: string): User | null {
    return this.ask("unhidra_user_named", username);
  }
  /** Up to `limit` (at most 1000) messages before `beforeIndex`, oldest first. */
  history(conversation: Id, beforeIndex = Number.MAX_SAFE_INTEGER, limit = 100): Message[] {
    return this.ask("unhidra_history", conversation, BigInt(beforeIndex), limit);
  }
  safetyNumber(user: Id): SafetyNumber {
    return this.ask("unhidra_safety_number", user);
  }

  private ask<T>(name: string, ...args: (number | bigint | string)[]): T {
    this.core.call(name, this.handle, ...args);
    return this.core.answerJson<T>();
  }
}
