// What the engine answers and reports. The names are those that apps/unhidra-core/src/describe.cpp writes.

/** A UUID in its canonical form. */
export type Id = string;
/** Microseconds since 1970, UTC. */
export type Micros = number;

export type Membership = "unknown" | "pending" | "approved" | "removed";
export type Trust = "unknown" | "first_use" | "verified" | "changed";
export type MessageState = "queued" | "blocked" | "sent" | "failed" | "received" | "unreadable";

export interface Account {
  user: Id;
  device: Id;
  username: string;
  membership: Membership;
  /** Whether this device may approve others. */
  hasAccountKey: boolean;
  fingerprint: string;
  listVersion: number;
  inboxCursor: number;
  outboxSize: number;
}

export interface Device {
  id: Id;
  name: string;
  /** 30 digits over its keys, the same on every device. */
  fingerprint: string;
  thisDevice: boolean;
  /** Published keys, waits for approval. */
  pending: boolean;
}

export interface Conversation {
  id: Id;
  peer: Id;
  messageCount: number;
  headSeq: number;
  lastActivity: Micros | null;
}

export interface User {
  id: Id;
  username: string;
  displayName: string;
  trust: Trust;
  /** The identity before the change was a verified one. */
  wasVerified: boolean;
}

export interface Message {
  conversation: Id;
  /** Position in this device's history of the conversation. */
  index: number;
  id: Id;
  senderUser: Id;
  senderDevice: Id;
  sentAt: Micros | null;
  receivedAt: Micros | null;
  seq: number;
  state: MessageState;
  text: string;
  /** Devices that told they could not read it. */
  unreadBy: number;
  /** With the state "unreadable": why, and one sentence for people. */
  reason?: string;
  explanation?: string;
  /** With the state "failed": the error's stable code. */
  failure?: string;
}

export interface SafetyNumber {
  /** 60 digits, the same on both sides. */
  digits: string;
  qrText: string;
  trust: Trust;
}

export interface EngineState {
  enrolled: boolean;
  /** Grows with every change of the store. */
  generation: number;
  /** Nothing to send, to fetch or to wait for. */
  idle: boolean;
}

export type CoreEvent =
  | { type: "connected" }
  | { type: "disconnected" }
  | { type: "caughtUp" }
  | { type: "serverClosing"; code: string; reconnectAfterMs: number }
  | { type: "tokenExpires"; at: Micros | null }
  | { type: "requestFailed"; what: string; code: string; message: string }
  | { type: "accountCreated" }
  | { type: "membershipChanged"; membership: Membership }
  | { type: "devicePending"; device: Device }
  | { type: "deviceApproved"; device: Id }
  | { type: "deviceRemoved"; device: Id }
  | { type: "accountKeyReceived" }
  | { type: "userFound"; user: User }
  | { type: "userNotFound"; username: string }
  | { type: "conversationOpened"; conversation: Conversation }
  | { type: "messageReceived"; message: Message }
  | { type: "messageStateChanged"; message: Message }
  | { type: "messageUnreadable"; message: Message }
  | { type: "peerCouldNotRead"; user: Id; device: Id; messages: Id[] }
  // Security: a user interface never hides these.
  | { type: "identityChanged"; user: User }
  | { type: "deviceListRefused"; user: Id; why: string }
  | { type: "ghostDevice"; user: Id; device: Id }
  | { type: "bundleRefused"; user: Id; device: Id; reason: string }
  | { type: "ownKeysReplaced" }
  | { type: "stateRolledBack" }
  | { type: "messagesMissing"; conversation: Id; messages: Id[] };

export type EventType = CoreEvent["type"];
export type EventOf<T extends EventType> = Extract<CoreEvent, { type: T }>;

/** A refusal: `code` is stable ("client.not_found"), `kind` is its class, the message is for people. */
export class CoreError extends Error {
  constructor(
    readonly code: string,
    readonly kind: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "CoreError";
  }
}
