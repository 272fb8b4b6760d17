// client::Engine, typed. Every call is synchronous and durable when it returns; what it wants done is in `actions()`.
import { Core } from "./core.js";
import type { RecordStore } from "./store.js";
import type {
  Account, AutoFollow, Conversation, ConversationChanges, ConversationEmoji, CoreEvent, Device, Draft, EngineState, Group, HistoryTransfer, Id, Message, MessageRef, MessageText, NewChannel, OwnPresence,
  PlaceFields, ReceiptState, SafetyNumber, SearchQuery, Thread, User, UserPresence,
} from "./types.js";

export type Action =
  | { kind: "frame"; frame: Uint8Array }
  | { kind: "event"; event: CoreEvent }
  | { kind: "reconnect" };

/** A file that is being sealed or opened. */
export interface OpenFile {
  handle: number;
  /** Of one that is being opened: its id at the server; else one that is new. */
  fileId: Id;
  size: number;
  sealedSize: number;
  /** Bytes that the next step takes. */
  wanted: number;
}

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
  /** The same for any conversation, pair or group. */
  sendTextTo(conversation: Id, text: string): Id {
    this.core.call("unhidra_send_text_to", this.handle, conversation, text);
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
  /** The account key in writing, for when all devices are lost. */
  recoveryCode(): string {
    return this.ask<{ code: string }>("unhidra_recovery_code").code;
  }
  /** On a device that waits for approval: signs it onto the device list. */
  recover(code: string): void {
    this.core.call("unhidra_recover", this.handle, code);
  }
  /** On one when every device on the list is revoked: with a new account key. */
  beginAnew(): void {
    this.core.call("unhidra_begin_anew", this.handle);
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

  // ---- history for a new device ----
  /** On the new device. */
  requestHistory(from: Id): void {
    this.core.call("unhidra_history_request", this.handle, from);
  }
  /** On the old device, with the code that the new one shows; a wrong one ends the transfer. */
  approveHistory(to: Id, code: string): void {
    this.core.call("unhidra_history_approve", this.handle, to, code);
  }
  cancelHistory(device: Id): void {
    this.core.call("unhidra_history_cancel", this.handle, device);
  }
  historyTransfers(): HistoryTransfer[] {
    return this.ask("unhidra_history_transfers");
  }

  // ---- groups ----
  /** Made at once, also without a connection; `users` besides oneself. */
  createGroup(name: string, users: Id[]): Id {
    this.core.call("unhidra_group_create", this.handle, name, users.join(","));
    return this.core.answerJson<{ conversation: Id }>().conversation;
  }
  /** Answers the number of the change, for `groupChangeDone`. */
  addToGroup(group: Id, users: Id[]): number {
    return this.groupChange("unhidra_group_add", group, users);
  }
  removeFromGroup(group: Id, users: Id[]): number {
    return this.groupChange("unhidra_group_remove", group, users);
  }
  /** With all own devices. */
  leaveGroup(group: Id): void {
    this.core.call("unhidra_group_leave", this.handle, group);
  }
  renameGroup(group: Id, name: string): void {
    this.core.call("unhidra_group_rename", this.handle, group, name);
  }
  /** The last resort: begins the group anew with the same people. */
  resetGroup(group: Id): number {
    this.core.call("unhidra_group_reset", this.handle, group);
    return this.core.answerJson<{ change: number }>().change;
  }
  /** Whether those who come in may read what is written from now on. */
  shareHistory(group: Id, shared: boolean): number {
    this.core.call("unhidra_share_history", this.handle, group, shared ? 1 : 0);
    return this.core.answerJson<{ change: number }>().change;
  }
  /** Some dozens before the first message that is here; then `earlierMessages`. */
  readEarlier(group: Id): void {
    this.core.call("unhidra_read_earlier", this.handle, group);
  }
  private groupChange(name: string, group: Id, users: Id[]): number {
    this.core.call(name, this.handle, group, users.join(","));
    return this.core.answerJson<{ change: number }>().change;
  }

  // ---- messages ----
  send(conversation: Id, draft: Draft): Id {
    this.core.call("unhidra_send", this.handle, conversation, draft.text, draft.threadRoot ?? "", draft.replyTo ?? "",
      (draft.mentions ?? []).join(","), draft.mentionsEveryone ? 1 : 0);
    return this.core.answerJson<{ messageId: Id }>().messageId;
  }
  /** The whole new text; like the two that follow it ends with `actionDone`. */
  edit(conversation: Id, target: MessageRef, draft: Draft): Id {
    this.core.call("unhidra_edit", this.handle, conversation, target, draft.text, (draft.mentions ?? []).join(","),
      draft.mentionsEveryone ? 1 : 0);
    return this.core.answerJson<{ messageId: Id }>().messageId;
  }
  delete(conversation: Id, target: MessageRef): Id {
    this.core.call("unhidra_delete", this.handle, conversation, target);
    return this.core.answerJson<{ messageId: Id }>().messageId;
  }
  /** Of somebody else's message, in a channel that this person moderates. */
  moderate(conversation: Id, target: MessageRef): Id {
    this.core.call("unhidra_moderate", this.handle, conversation, target);
    return this.core.answerJson<{ messageId: Id }>().messageId;
  }
  /** A message that was given up goes out of the history. */
  discard(conversation: Id, target: MessageRef): void {
    this.core.call("unhidra_discard", this.handle, conversation, target);
  }
  /** `picture`: which one of that name, by its fileId; else the conversation's own, if it has one. */
  react(conversation: Id, target: MessageRef, emoji: string, present: boolean, picture?: Id): Id {
    this.core.call("unhidra_react", this.handle, conversation, target, emoji, present ? 1 : 0, picture ?? "");
    return this.core.answerJson<{ messageId: Id }>().messageId;
  }
  /** The timeline up to and with the message at `index`. */
  markRead(conversation: Id, index = Number.MAX_SAFE_INTEGER): void {
    this.core.call("unhidra_mark_read", this.handle, conversation, BigInt(index));
  }
  markThreadRead(conversation: Id, root: MessageRef): void {
    this.core.call("unhidra_mark_thread_read", this.handle, conversation, root);
  }
  markAllRead(conversation?: Id): void {
    this.core.call("unhidra_mark_all_read", this.handle, conversation ?? "");
  }
  followThread(conversation: Id, root: MessageRef, following: boolean): void {
    this.core.call("unhidra_follow_thread", this.handle, conversation, root, following ? 1 : 0);
  }
  /** Null: the conversation has no rule of its own any more; without a conversation the rule of all others. */
  setAutoFollow(rule: AutoFollow | null, conversation?: Id): void {
    this.core.call("unhidra_set_auto_follow", this.handle, conversation ?? "",
      rule === null ? -1 : (rule.onReply ? 1 : 0) + (rule.onMention ? 2 : 0));
  }
  /** Call while the person types; throttled inside. */
  setTyping(conversation: Id, active: boolean): void {
    this.core.call("unhidra_set_typing", this.handle, conversation, active ? 1 : 0);
  }
  setReceipts(sent: boolean): void {
    this.core.call("unhidra_set_receipts", this.handle, sent ? 1 : 0);
  }
  sendsReceipts(): boolean {
    return this.ask("unhidra_sends_receipts");
  }
  /** Places in the log of messages on the screen whose receipts are counted, at most 50; replaces the former ones. */
  watchReceipts(conversation: Id, seqs: number[]): void {
    this.core.call("unhidra_watch_receipts", this.handle, conversation, seqs.join(","));
  }
  /** Hidden until it is called; kept across connections, not stored. */
  setPresence(own: OwnPresence): void {
    this.core.call("unhidra_set_presence", this.handle, { hidden: 0, online: 1, away: 2 }[own]);
  }
  /** Whom `presenceChanged` tells about, at most 2,000; replaces the former ones. */
  watchPresence(users: Id[]): void {
    this.core.call("unhidra_watch_presence", this.handle, users.join(","));
  }
  /** What is on the screen, the open conversation before all; at most 50 have a say, and they replace the former ones. */
  putFirst(conversations: Id[]): void {
    this.core.call("unhidra_put_first", this.handle, conversations.join(","));
  }

  // ---- files (files.ts moves them) ----
  sealFile(size: number): OpenFile {
    return this.newFile(this.core.call("unhidra_file_seal", this.handle, BigInt(size)));
  }
  openFile(conversation: Id, ref: MessageRef, index: number, thumbnail: boolean): OpenFile {
    return this.newFile(
      this.core.call("unhidra_file_open", this.handle, conversation, ref, index, thumbnail ? 1 : 0));
  }
  private newFile(handle: number): OpenFile {
    return { fileId: crypto.randomUUID(), ...this.core.answerJson<Omit<OpenFile, "handle" | "fileId"> & { fileId?: Id }>(), handle };
  }
  /** Exactly the wanted bytes; answers what came of them, and sets what is wanted next. */
  nextOfFile(file: OpenFile, bytes: Uint8Array): Uint8Array {
    file.wanted = this.core.call("unhidra_file_next", this.handle, file.handle, bytes);
    return this.core.answer();
  }
  /** The digest of the ciphertext; of an opened file the proof that it is whole and the sender's. */
  finishFile(handle: number): string {
    this.core.call("unhidra_file_finish", this.handle, handle);
    return this.core.answerJson<{ digest: string }>().digest;
  }
  closeFile(handle: number): void {
    this.core.call("unhidra_file_close", this.handle, handle);
  }
  /** `files`: as unhidra_core.h describes. */
  sendFiles(conversation: Id, draft: Draft, files: string): Id {
    this.core.call("unhidra_send_files", this.handle, conversation, draft.text, draft.threadRoot ?? "",
      draft.replyTo ?? "", (draft.mentions ?? []).join(","), draft.mentionsEveryone ? 1 : 0, files);
    return this.core.answerJson<{ messageId: Id }>().messageId;
  }

  // ---- emoji with pictures ----
  bringEmoji(conversation: Id, name: string, file: string): Id {
    this.core.call("unhidra_emoji_bring", this.handle, conversation, name, file);
    return this.core.answerJson<{ messageId: Id }>().messageId;
  }
  emoji(conversation: Id): ConversationEmoji[] {
    return this.ask("unhidra_emoji", conversation);
  }
  /** Of a message, or, without one, of `emoji`. */
  openEmoji(conversation: Id, ref: MessageRef | undefined, picture: Id): OpenFile {
    return this.newFile(this.core.call("unhidra_emoji_open", this.handle, conversation, ref ?? "", picture));
  }

  // ---- channels ----
  createChannel(channel: NewChannel): Id {
    this.core.call("unhidra_channel_create", this.handle, channel.name, channel.topic ?? "", channel.description ?? "",
      channel.space ?? "", (channel.users ?? []).join(","), channel.open ? 1 : 0, channel.announcements ? 1 : 0,
      channel.isDefault ? 1 : 0);
    return this.core.answerJson<{ conversation: Id }>().conversation;
  }
  describeGroup(group: Id, topic: string, description: string): void {
    this.core.call("unhidra_group_describe", this.handle, group, topic, description);
  }
  /** What the directory calls it, until a member tells the group's own name. */
  adoptChannelName(channel: Id, name: string): void {
    this.core.call("unhidra_channel_adopt_name", this.handle, channel, name);
  }
  /** Answers the number of the event `placeAnswer`. */
  placeRequest(name: string, fields: PlaceFields = {}): number {
    const lines = Object.entries(fields).filter(([, value]) => value !== undefined && value !== "")
      .map(([key, value]) => `${key}=${typeof value === "boolean" ? Number(value) : value}`);
    this.core.call("unhidra_place_request", this.handle, [name, ...lines].join("\n"));
    return this.core.answerJson<{ request: number }>().request;
  }

  // ---- questions ----
  message(conversation: Id, ref: MessageRef): Message | null {
    return this.ask("unhidra_message", conversation, ref);
  }
  /** What it said, oldest first and as it is last. */
  messageTexts(conversation: Id, ref: MessageRef): MessageText[] {
    return this.ask("unhidra_message_texts", conversation, ref);
  }
  /** Newest reply first. */
  threads(conversation?: Id, followedOnly = false): Thread[] {
    return this.ask("unhidra_threads", conversation ?? "", followedOnly ? 1 : 0);
  }
  /** Null: the conversation has none of its own. */
  autoFollow(conversation?: Id): AutoFollow | null {
    return this.ask("unhidra_auto_follow", conversation ?? "");
  }
  threadMessages(conversation: Id, root: MessageRef): Message[] {
    return this.ask("unhidra_thread_messages", conversation, root);
  }
  receipts(conversation: Id): ReceiptState[] {
    return this.ask("unhidra_receipts", conversation);
  }
  typing(conversation: Id): Id[] {
    return this.ask("unhidra_typing", conversation);
  }
  /** Of everybody who is watched. */
  presence(): UserPresence[] {
    return this.ask("unhidra_presence");
  }
  /** Newest first, edits applied. */
  search(query: SearchQuery): Message[] {
    return this.ask("unhidra_search", query.words, query.conversation ?? "", query.sender ?? "",
      BigInt(query.from ?? 0), BigInt(query.until ?? 0), query.limit ?? 50);
  }
  account(): Account {
    return this.ask("unhidra_account");
  }
  devices(): Device[] {
    return this.ask("unhidra_devices");
  }
  /** Those that have changed since a revision that this engine has told; 0: all. Newest activity first. */
  conversations(since = 0): ConversationChanges {
    return this.ask("unhidra_conversations", BigInt(since));
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
  group(id: Id): Group {
    return this.ask("unhidra_group", id);
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
