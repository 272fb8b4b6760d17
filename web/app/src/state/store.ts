// What the screens show. Changed by its neighbours in this folder alone.
import type { Account, AutoFollow, Channel, ChatPolicy, ConversationEmoji, CoreEvent, Device, Group, HistoryTransfer, Id, Message, MessageRef, Overview, Space, User, UserPresence } from "@core/types";
import type { DeviceRecord } from "@core/rest";
import { create } from "zustand";
import type { Level } from "./kept";
import type { Window } from "./timeline";

export type Phase =
  | "opening"
  | "elsewhere" // another tab has the keys
  | "unsupported"
  | "signedOut"
  | "ready"
  | "ended"; // the server ended the session

export type Link = "connecting" | "online" | "offline";

export type Notice = Extract<
  CoreEvent,
  { type: "ghostDevice" | "deviceListRefused" | "bundleRefused" | "ownKeysReplaced" | "stateRolledBack" | "messagesMissing" | "groupForked" | "groupReset" | "badCommit" | "groupChangeDone" }
>;

export interface State {
  phase: Phase;
  problem: string;
  link: Link;
  /** Everything that waited on the server has been fetched once since the start. */
  caughtUp: boolean;
  account: Account | null;
  devices: Device[];
  /** What the server keeps about them; it may be wrong, and decides nothing. */
  deviceRecords: Record<Id, DeviceRecord>;
  /** By the other device: the last one with it, and why it failed, if that was heard. */
  transfers: Record<Id, HistoryTransfer>;
  transferFailures: Record<Id, string>;
  overview: Overview[];
  users: Record<Id, User>;
  /** Those that were opened. */
  groups: Record<Id, Group>;
  windows: Record<Id, Window>;
  /** Where a timeline was told to stand. */
  focus: { conversation: Id; index: number } | null;
  /** The one that is open: its root, then the replies. */
  thread: { conversation: Id; root: MessageRef; messages: Message[] } | null;
  typing: Record<Id, Id[]>;
  /** Of those on the screen. */
  presence: Record<Id, UserPresence["state"]>;
  spaces: Space[];
  /** Those that one is in. */
  channels: Record<Id, Channel>;
  policy: ChatPolicy;
  /** The organisation; as far as it was asked for. */
  administers: boolean;
  /** By conversation: the seq from which on it was marked as unread by hand. */
  marked: Record<Id, number>;
  levels: Record<Id, Level>;
  /** By conversation; under "": of all that have no rule of their own. Those that were looked at. */
  autoFollow: Record<Id | "", AutoFollow>;
  /** With pictures; of conversations that were opened. */
  emoji: Record<Id, ConversationEmoji[]>;
  receipts: boolean;
  /** Whether others see that one is online. */
  shown: boolean;
  /** By conversation, or by thread. */
  drafts: Record<string, string>;
  /** Messages that were given up and written once more. */
  resent: MessageRef[];
  /** What the palette led to, the last first. */
  chosen: string[];
  notices: { key: number; notice: Notice }[];
  /** Just came back by the recovery code, and the account has as many other devices; nothing: it did not, or it was read. */
  recovered: number | null;
}

export const useApp = create<State>(() => ({
  phase: "opening", problem: "", link: "connecting", caughtUp: false, account: null, devices: [], deviceRecords: {}, transfers: {}, transferFailures: {}, overview: [],
  users: {}, groups: {}, windows: {}, focus: null, thread: null, typing: {}, presence: {}, spaces: [], channels: {},
  policy: { editWindow: 300, receipts: true, hidesPeople: false }, administers: false, marked: {}, levels: {}, autoFollow: {}, emoji: {}, receipts: true, shown: true, drafts: {}, resent: [], chosen: [], notices: [], recovered: null,
}));
