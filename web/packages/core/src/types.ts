// What the engine answers and reports. The names are those that apps/unhidra-core/src/describe.cpp writes.

/** A UUID in its canonical form. */
export type Id = string;
/** Microseconds since 1970, UTC. */
export type Micros = number;

export type Membership = "unknown" | "pending" | "approved" | "removed";
export type Trust = "unknown" | "first_use" | "verified" | "changed";
export type MessageState = "queued" | "blocked" | "sent" | "failed" | "received" | "unreadable" | "notice";

/** Why a message could not be read; `explanation` says it to people. */
export type UnreadableReason =
  | "unknown_device" | "identity_mismatch" | "no_session" | "missing_pre_key" | "tampered" | "too_far_ahead" | "replayed"
  | "malformed" | "unsupported" | "not_a_member" | "reflected" | "identity_not_accepted" | "joined_later" | "epoch_lost"
  | "forked" | "mislabelled";
/** Where this device stands in a group. */
export type GroupState = "creating" | "joining" | "active" | "leaving" | "left" | "removed";

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
  kind: "pair" | "group";
  /** Of a group; an empty name is not yet known. `peer` is the nil id. */
  name?: string;
  state?: GroupState;
  topic?: string;
  description?: string;
  /** Messages of others in the timeline behind the read cursor. */
  unread: number;
  /** Unread ones that mention this person, threads included. */
  mentions: number;
  /** Followed threads with unread replies. */
  unreadThreads: number;
  readSeq: number;
}

/** Names a message: its id and the device that made it, with a slash between. */
export type MessageRef = string;

/** What to write. */
export interface Draft {
  text: string;
  /** Under which message; of a reply, its own root counts. */
  threadRoot?: MessageRef;
  /** What is quoted. */
  replyTo?: MessageRef;
  mentions?: Id[];
  mentionsEveryone?: boolean;
}

export interface Reaction {
  emoji: string;
  users: Id[];
  /** Of a `:name:`: what it is drawn from, for `receiveEmoji`. Two pictures of one name are two reactions. */
  picture?: Attachment;
}

/** An emoji that has a picture: PNG, WebP or GIF, as its sender says. */
export interface CustomEmoji {
  /** Without the colons that it has in texts and reactions. */
  name: string;
  picture: Attachment;
}
/** One that a conversation has. */
export interface ConversationEmoji extends CustomEmoji {
  /** The nil id: it is known from its use alone. */
  broughtBy: Id;
  /** Whoever deletes this message takes the emoji back. */
  broughtIn?: MessageRef;
}

export interface ThreadSummary {
  replies: number;
  unread: number;
  mentions: number;
  lastReplyAt: Micros | null;
  participants: Id[];
  following: boolean;
}

export interface Thread {
  conversation: Id;
  /** With its summary. */
  root: Message;
}

/** Which threads are followed where nothing was said of the thread itself. */
/** What the organisation has decided. */
export interface ChatPolicy {
  /** Seconds. */
  editWindow: number;
  receipts: boolean;
  /** Nobody but an administrator lists people with whom he shares no conversation. */
  hidesPeople: boolean;
}

export interface AutoFollow {
  /** Those that the person writes in, and those under the person's messages. */
  onReply: boolean;
  /** Those in which the person is mentioned. */
  onMention: boolean;
}

/** How far somebody has come, as far as he tells; 0: not told. */
export interface ReceiptState {
  user: Id;
  deliveredSeq: number;
  readSeq: number;
}

/** How many people have a message of a large group, without its author. */
export interface ReceiptCount {
  seq: number;
  /** The readers are among them. */
  delivered: number;
  read: number;
  /** Who tell at all. */
  people: number;
}

/** Everything that is given must hold. */
export interface SearchQuery {
  /** Each a part of a word in the text or a file's name, without regard to case; "has:file": that carry one. */
  words: string;
  conversation?: Id;
  sender?: Id;
  from?: Micros;
  until?: Micros;
  limit?: number;
}

export interface NewChannel {
  name: string;
  /** Told to the members alone, like the description. */
  topic?: string;
  description?: string;
  /** Whoever is in the organisation may come in, and the server learns the name. Fixed for good. */
  open?: boolean;
  space?: Id;
  /** Only who manages it may post. */
  announcements?: boolean;
  /** Newcomers come in by themselves. */
  isDefault?: boolean;
  /** Besides oneself. */
  users?: Id[];
}

/** Bits of `Channel.permissions`. */
export const ChannelPermission = { post: 1, signal: 2, invite: 4, manage: 8, moderate: 16 } as const;

export interface Channel {
  id: Id;
  space?: Id;
  open: boolean;
  /** Empty: a private one; its conversation knows the name. */
  name: string;
  announcements: boolean;
  isDefault: boolean;
  archived: boolean;
  joined: boolean;
  memberCount: number;
  /** The own ones: ChannelPermission. */
  permissions: number;
}

export interface Space {
  id: Id;
  parent?: Id;
  name: string;
  hidden: boolean;
  archived: boolean;
  /** The own one: 1 guest, 2 member, 3 space admin, 4 organisation admin, 5 super admin. */
  role: number;
}

export interface PlaceAnswer {
  channels?: Channel[];
  spaces?: Space[];
  channel?: Channel;
  overrides?: { role: number; allow: number; deny: number }[];
  banned?: Id[];
  policy?: ChatPolicy;
  people?: Person[];
  versions?: { seq: number; kind: number; receivedAt: Micros }[];
  /** Of a list; empty: no more. */
  nextCursor?: string;
}

/** A request about spaces, channels, people or the chat policy: unhidra_core.h says which fields each takes. */
export type PlaceFields = Record<string, string | number | boolean | undefined>;

export interface GroupMember {
  user: Id;
  devices: Id[];
  /** Has a device that its user did not sign; it will be removed. */
  unsignedDevice: boolean;
}

export interface Group {
  id: Id;
  name: string;
  state: GroupState;
  epoch: number;
  /** 40 digits that all devices of this epoch share; people compare them. Empty while not a member. */
  epochCode: string;
  members: GroupMember[];
  topic: string;
  description: string;
  /** Whoever is in the organisation may come in. */
  open: boolean;
  /** Who comes in may read what was written since it was switched on. */
  sharesHistory: boolean;
  /** Who switched that last, and when; the nil id: not known here. */
  historyChangedBy: Id;
  historyChangedAt: number;
  /** Something from before this device came in is left to be read. */
  hasEarlier: boolean;
}

export interface ConversationChanges {
  revision: number;
  conversations: Conversation[];
}

/** A row of a list of conversations. */
export interface Overview {
  conversation: Conversation;
  /** Nothing: a group, or not looked up yet. */
  peer: User | null;
  last: Message | null;
}

export interface OverviewChanges {
  revision: number;
  rows: Overview[];
}

/** As the directory has somebody. */
export interface Person {
  id: Id;
  username: string;
  displayName: string;
}

export interface User {
  id: Id;
  username: string;
  displayName: string;
  trust: Trust;
  /** The identity before the change was a verified one. */
  wasVerified: boolean;
}

export interface ImageSize {
  width: number;
  height: number;
}

/** A file that a message carries; `Client.receiveFile` fetches and decrypts it. */
export interface Attachment {
  fileId: Id;
  /** Safe to save under. */
  name: string;
  /** As the sender says: never a reason to open or show anything but a picture. */
  mediaType: string;
  size: number;
  dimensions?: ImageSize;
  /** There is one, of this size. */
  thumbnail?: ImageSize;
  /** What the sending device's scanner said; "forged": that device has not signed it. */
  scan: "none" | "clean" | "infected" | "forged";
  scanner?: string;
  scannedAt?: Micros | null;
}

/** What to send; `transfer` names it in the events `fileProgress` and to `cancelTransfer`. */
export interface FileToSend {
  transfer: string;
  content: Blob;
  name: string;
  mediaType: string;
  dimensions?: ImageSize;
  thumbnail?: { content: Blob; mediaType: string; dimensions: ImageSize };
}

/** How much of the quotas is used, in bytes; a quota of 0 is none. */
export interface FileUsage {
  used: number;
  quota: number;
  organizationUsed: number;
  organizationQuota: number;
  maxSize: number;
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
  reason?: UnreadableReason;
  explanation?: string;
  /** With the state "failed": the error's stable code. */
  failure?: string;
  ref: MessageRef;
  threadRoot?: MessageRef;
  replyTo?: MessageRef;
  mentions: Id[];
  mentionsEveryone: boolean;
  attachments?: Attachment[];
  /** Those with a picture that stand in the text between colons. */
  emoji?: CustomEmoji[];
  /** It brings an emoji of this name into the conversation, and nothing else; its picture is the attachment. */
  bringsEmoji?: string;
  imported?: Imported;
  /** With the state "notice": no message, but a line about the group, by `senderUser` where that is known. */
  notice?: Notice;
  /** How often; `text` is the newest. */
  edits: number;
  editedAt: Micros | null;
  /** A tombstone: no text, no reactions. */
  deleted: boolean;
  /** Of a tombstone that a moderator left; absent: its author did. */
  deletedBy?: Id;
  /** From before this device came in: the group shares its history. */
  fromHistory: boolean;
  reactions: Reaction[];
  /** Of a message that has replies here. */
  thread?: ThreadSummary;
  /** Of an own message: people who have it, and who have read it, as far as they tell. */
  deliveredTo: number;
  readBy: number;
  /** People who tell at all, where receipts are counted and nobody is named; 0: not counted. */
  receiptsOf: number;
}

/** What a message said for a time. */
export interface MessageText {
  text: string;
  /** By the server's clock; null: as long as it was not accepted. */
  since: Micros | null;
}

/** What became of a group, as this device has verified it. */
export interface Notice {
  kind: "added" | "joined" | "removed" | "left" | "gone" | "renamed" | "history_shared" | "history_unshared";
  users: Id[];
  /** Beyond those in `users`. */
  others: number;
  /** Of "renamed". */
  name: string;
}

/** Of a message that was written in another system, as its sender says: show the sender beside it. */
export interface Imported {
  /** "Slack" */
  system: string;
  author: string;
  writtenAt: Micros | null;
  /** With the names of those who reacted there. */
  reactions: { emoji: string; names: string[] }[];
}

/** What others are told of oneself; "hidden": nothing. */
export type OwnPresence = "hidden" | "online" | "away";

export interface UserPresence {
  user: Id;
  /** "unknown": no connection, not answered yet, or not told. */
  state: "unknown" | "offline" | "online" | "away";
  since: Micros | null;
}

export interface SafetyNumber {
  /** 60 digits, the same on both sides. */
  digits: string;
  qrText: string;
  trust: Trust;
}

/** Old messages on their way between two devices of the account. */
export interface HistoryTransfer {
  /** The other one. */
  device: Id;
  receiving: boolean;
  state: "asked" | "comparing" | "running" | "done" | "failed";
  /** Ten digits, on the new device while "comparing": they are typed on the old one. */
  code: string;
  messages: number;
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
  /** A message that was given up is no longer in the history. */
  | { type: "messageDiscarded"; conversation: Id; message: MessageRef }
  /** Somebody who is known here, or this person, is called otherwise. */
  | { type: "userChanged"; user: User }
  | { type: "conversationOpened"; conversation: Conversation }
  | { type: "messageReceived"; message: Message }
  | { type: "messageStateChanged"; message: Message }
  | { type: "messageUnreadable"; message: Message }
  /** A new line about a group in its timeline: `message.notice`. */
  | { type: "noticed"; message: Message }
  | { type: "peerCouldNotRead"; user: Id; device: Id; messages: Id[] }
  /** An empty name is not yet known. */
  | { type: "groupJoined"; conversation: Id; name: string }
  /** `by` is the nil id when the server asked for it, because a device was revoked. */
  | { type: "groupChanged"; conversation: Id; by: Id; added: Id[]; removed: Id[]; name?: string }
  | { type: "groupLeft"; conversation: Id; state: GroupState }
  /** A wish is done, or given up: `failure` is a stable code, or empty. */
  | { type: "groupChangeDone"; conversation: Id; change: number; failure: string; leftOut: Id[] }
  /** The group's keys were lost and this device came in anew. */
  | { type: "groupRepaired"; conversation: Id }
  /** On the old device with "comparing": the person shall type the code of the new one. */
  | { type: "historyTransferChanged"; transfer: HistoryTransfer; failure: string }
  /** So many older messages stand before the others now, whose indices have grown by as many. */
  | { type: "historyReceived"; conversation: Id; messages: number }
  /** Whether those who come in may read what is written from now on. */
  | { type: "sharedHistoryChanged"; conversation: Id; by: Id; shared: boolean }
  /** So many messages from before this device came in are in their place now; the indices behind them have grown. */
  | { type: "earlierMessages"; conversation: Id; messages: number; more: boolean }
  // Security: a user interface never hides these.
  /** Begun anew with the same people; `by` as the server tells it. */
  | { type: "groupReset"; conversation: Id; by: Id }
  /** The server shows `user` another group under the same id. */
  | { type: "groupForked"; conversation: Id; user: Id }
  /** `user` committed what shuts out a device of `reporter`; whether that is so `evidence` says. */
  | { type: "badCommit"; conversation: Id; user: Id; device: Id; evidence: "seen" | "proven" | "claimed" | "refuted"; reporter: Id }
  | { type: "identityChanged"; user: User }
  | { type: "deviceListRefused"; user: Id; why: string }
  | { type: "ghostDevice"; user: Id; device: Id }
  | { type: "bundleRefused"; user: Id; device: Id; reason: string }
  | { type: "ownKeysReplaced" }
  | { type: "stateRolledBack" }
  | { type: "messagesMissing"; conversation: Id; messages: Id[] }
  /** A message of the history is other than before: edited, deleted, reacted to, answered in its thread. */
  | { type: "messageChanged"; message: Message }
  /** An own edit, deletion or reaction is accepted (`failure` is empty) or given up. */
  | { type: "actionDone"; conversation: Id; action: Id; target: Id; failure: string }
  | { type: "unreadChanged"; conversation: Id; unread: number; mentions: number; unreadThreads: number }
  | { type: "receiptsChanged"; conversation: Id; receipt: ReceiptState }
  /** Of what `watchReceipts` shows. */
  | { type: "receiptCountsChanged"; conversation: Id; counts: ReceiptCount[] }
  /** What the organisation has decided, when it becomes known and when it changes. */
  | { type: "policyChanged"; policy: ChatPolicy }
  /** The rule of a conversation, or, when that is empty, of all that have none of their own; set here or on another own device. */
  | { type: "ownReceiptsChanged"; sent: boolean }
  | { type: "autoFollowChanged"; conversation: Id | "" }
  /** One with a picture came or was taken back. */
  | { type: "emojiChanged"; conversation: Id }
  | { type: "typingChanged"; conversation: Id; users: Id[] }
  /** Of somebody who is watched; a lost connection makes everybody's state unknown. */
  | ({ type: "presenceChanged" } & UserPresence)
  /** It stands in the directory, or is a mere group (`failure` is a stable code). */
  | { type: "channelCreated"; conversation: Id; failure: string }
  /** Rules or name at the server are other than before: ask for them. */
  | { type: "channelChanged"; conversation: Id }
  /** Bytes of ciphertext of a transfer, up or down. */
  | { type: "fileProgress"; transfer: string; done: number; total: number }
  | ({ type: "placeAnswer"; request: number; failure: string; message: string; status: number } & PlaceAnswer);

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
