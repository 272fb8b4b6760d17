// The page's side: the client's methods over messages to its worker.
import type { Client } from "./client.js";
import { CoreError, type CoreEvent, type EventOf, type EventType } from "./types.js";

export interface OpenSettings {
  /** Where unhidra_core.wasm is served. */
  module: string;
  /** Names the records in this browser. */
  profile: string;
  server: string;
  gateway?: string;
}

const kMethods = [
  "register", "logIn", "logOut", "connect", "disconnect", "settled", "findUser", "searchPeople", "displayName", "setDisplayName", "roles", "send", "history", "safetyNumber",
  "setVerified", "acceptIdentity", "account", "devices", "approveDevice", "removeDevice", "recoveryCode", "recover", "beginAnew", "conversations", "overview", "overviewSince",
  "user", "conversationWith", "value", "putValue", "ending", "deviceRecords", "invite", "changePassword",
  "createGroup", "addToGroup", "removeFromGroup", "leaveGroup", "renameGroup", "resetGroup", "shareHistory", "readEarlier", "group", "sendIn", "page",
  "write", "edit", "delete", "moderate", "discard", "react", "markRead", "markThreadRead", "markAllRead", "followThread", "setAutoFollow", "autoFollow", "emoji", "bringEmoji", "receiveEmoji", "setTyping",
  "sendsReceipts", "setReceipts", "watchReceipts", "setPresence", "watchPresence", "putFirst", "presence", "message", "messageTexts", "threads", "threadMessages", "receipts", "typing", "search",
  "createChannel", "describeGroup", "place", "joinChannel", "adoptChannelName", "sendFiles", "receiveFile", "cancelTransfer", "fileUsage",
  "requestHistory", "approveHistory", "cancelHistory", "historyTransfers",
] as const;
type Method = (typeof kMethods)[number];

export interface ToWorker {
  id: number;
  method: Method | "open" | "close";
  args: unknown[];
}
export type FromWorker =
  | { id: number; value: unknown }
  | { id: number; error: { code: string; kind: string; message: string } }
  | { event: CoreEvent };

/** Client's methods, all answering promises. */
export type RemoteMethods = {
  [M in Method]: (...args: Parameters<Client[M]>) => Promise<Awaited<ReturnType<Client[M]>>>;
};

/** `new RemoteClient(new Worker(url, { type: "module" }))`, then `open`. */
export class RemoteClient {
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  private readonly listeners = new Set<(event: CoreEvent) => void>();
  private last = 0;
  readonly client: RemoteMethods;

  constructor(private readonly worker: Worker) {
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.receive(data);
    worker.onerror = ({ message }) => {
      this.fail(new CoreError("core.dead", "internal", `the worker has ended: ${message}`));
    };
    this.client = Object.fromEntries(
      kMethods.map((method) => [method, (...args: unknown[]) => this.call(method, args)]),
    ) as unknown as RemoteMethods;
  }

  /** Resolves to whether the profile is a device already. */
  open(settings: OpenSettings): Promise<boolean> {
    return this.call("open", [settings]) as Promise<boolean>;
  }
  async close(): Promise<void> {
    await this.call("close", []);
    this.worker.terminate();
    this.fail(new CoreError("client.not_open", "conflict", "the client was closed"));
  }
  on<T extends EventType>(type: T, listener: (event: EventOf<T>) => void): () => void {
    return this.onAny((event) => {
      if (event.type === type) {
        listener(event as EventOf<T>);
      }
    });
  }
  onAny(listener: (event: CoreEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private call(method: ToWorker["method"], args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.last;
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, method, args } satisfies ToWorker);
    });
  }
  private receive(message: FromWorker): void {
    if ("event" in message) {
      this.listeners.forEach((listener) => listener(message.event));
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if ("error" in message) {
      waiting?.reject(new CoreError(message.error.code, message.error.kind, message.error.message));
    } else {
      waiting?.resolve(message.value);
    }
  }
  private fail(error: CoreError): void {
    this.waiting.forEach(({ reject }) => reject(error));
    this.waiting.clear();
  }
}
