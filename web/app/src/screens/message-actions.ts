// What there is to do with one message: its menu lists it, and keys do it where the message has the focus.
import { Copy, History, Link2, MailOpen, MessageSquareReply, Pencil, Quote, SmilePlus, Trash2, UsersRound, type LucideIcon } from "lucide-react";
import { ChannelPermission, type Message } from "@core/types";
import { editEnd, isEditable } from "../lib/edits";
import { messagePath, threadPath } from "../lib/links";
import type { MessageKey } from "../lib/shortcuts";
import { beginEdit, beginReply, placeOf } from "../state/composing";
import { markUnread } from "../state/kept";
import { openPanel } from "../state/panels";
import { useApp } from "../state/store";
import { telling } from "../state/troubles";

export interface MessageAction {
  name: MessageKey;
  icon: LucideIcon;
  run(): void;
}

const copy = (text: string) => void telling("copy", navigator.clipboard.writeText(text));

/** As far as is known of the organisation's rule. */
export function isEditableNow(message: Message): boolean {
  const { account, policy } = useApp.getState();
  return isEditable(message, account?.user) && Date.now() < editEnd(message, policy.editWindow);
}

const moderates = ({ conversation }: Message): boolean =>
  ((useApp.getState().channels[conversation]?.permissions ?? 0) & ChannelPermission.moderate) !== 0;

export function actionsOf(message: Message, { own, inThread, editable, navigate }: {
  own: boolean;
  inThread: boolean;
  editable: boolean;
  navigate(path: string): void;
}): MessageAction[] {
  const { conversation, ref, seq, threadRoot } = message;
  if (message.state === "unreadable" || message.deleted) {
    return [];
  }
  const link = `${location.origin}${threadRoot ? threadPath(conversation, threadRoot) : messagePath(conversation, ref)}`;
  const all: (MessageAction & { offered: boolean })[] = [
    { name: "copyText", icon: Copy, offered: message.bringsEmoji === undefined, run: () => copy(message.text) },
    { name: "react", icon: SmilePlus, offered: seq > 0, run: () => openPanel({ name: "react", message }) },
    { name: "quote", icon: Quote, offered: seq > 0, run: () => beginReply(message, placeOf(conversation, inThread ? (threadRoot ?? ref) : undefined)) },
    { name: "replyInThread", icon: MessageSquareReply, offered: seq > 0 && !inThread, run: () => navigate(threadPath(conversation, ref)) },
    { name: "copyLink", icon: Link2, offered: seq > 0, run: () => copy(link) },
    { name: "markUnread", icon: MailOpen, offered: seq > 0 && !own && !inThread, run: () => markUnread(conversation, seq) },
    { name: "readers", icon: UsersRound, offered: seq > 0 && own, run: () => openPanel({ name: "readers", message }) },
    { name: "edit", icon: Pencil, offered: seq > 0 && editable, run: () => beginEdit(message) },
    { name: "earlierTexts", icon: History, offered: seq > 0 && message.edits > 0, run: () => openPanel({ name: "texts", message }) },
    { name: "delete", icon: Trash2, offered: seq > 0 && (own || moderates(message)), run: () => openPanel({ name: "delete", message }) },
  ];
  return all.filter(({ offered }) => offered);
}
