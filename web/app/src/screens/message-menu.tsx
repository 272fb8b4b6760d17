import { Menu, MenuButton, MenuItem, MenuProvider } from "@ariakit/react";
import { Copy, Ellipsis, Link2, MailOpen, MessageSquareReply, Pencil, Quote, SmilePlus, Trash2, UsersRound, type LucideIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { Message } from "@core/types";
import { editEnd, isEditable } from "../lib/edits";
import { messagePath, threadPath } from "../lib/links";
import { beginEdit, beginReply, placeOf } from "../state/composing";
import { react } from "../state/conversations";
import { markUnread } from "../state/kept";
import { openPanel } from "../state/panels";
import { useApp } from "../state/store";
import { telling } from "../state/troubles";

const kQuick = ["👍", "❤️", "😂", "🎉", "👀"];
const kLongest = 2 ** 31 - 1; // milliseconds that a timer can wait
const copy = (text: string) => void telling("copy", navigator.clipboard.writeText(text));

/** Whether it may be edited: drawn anew when the time is over. */
function useEditable(message: Message): boolean {
  const me = useApp((state) => state.account?.user);
  const end = useApp((state) => editEnd(message, state.policy.editWindow));
  const [, setNow] = useState(0);
  useEffect(() => {
    const left = end - Date.now();
    if (left <= 0 || left > kLongest) {
      return undefined;
    }
    const timer = setTimeout(() => setNow(Date.now()), left + 1);
    return () => clearTimeout(timer);
  }, [end]);
  return Date.now() < end && isEditable(message, me);
}

export function MessageMenu({ message, own, inThread }: { message: Message; own: boolean; inThread: boolean }) {
  const { t } = useTranslation();
  const [used, setUsed] = useState(false);
  // The menu's machinery is made when the button is first reached: a timeline has many.
  if (!used) {
    return (
      <button type="button" className="icon-button message-menu" aria-label={t("timeline.messageMenu")} aria-haspopup="menu"
        onPointerEnter={() => setUsed(true)} onFocus={() => setUsed(true)}>
        <Ellipsis size={18} aria-hidden />
      </button>
    );
  }
  return (
    <MenuProvider placement="bottom-end">
      <MenuButton className="icon-button message-menu" aria-label={t("timeline.messageMenu")}><Ellipsis size={18} aria-hidden /></MenuButton>
      <Menu className="menu" portal gutter={4} unmountOnHide>
        <Items message={message} own={own} inThread={inThread} />
      </Menu>
    </MenuProvider>
  );
}

function Items({ message, own, inThread }: { message: Message; own: boolean; inThread: boolean }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const { conversation, ref, seq } = message;
  const editable = useEditable(message);
  const item = (key: string, Icon: LucideIcon, run: () => void) => (
    <MenuItem key={key} className="menu-item" onClick={run}><Icon size={16} aria-hidden /> {t(`timeline.${key}`)}</MenuItem>
  );
  const link = `${location.origin}${message.threadRoot ? threadPath(conversation, message.threadRoot) : messagePath(conversation, ref)}`;
  return (
    <>
      {message.bringsEmoji === undefined && item("copyText", Copy, () => copy(message.text))}
      {seq > 0 && (
        <>
          <div className="menu-row">
            {kQuick.map((emoji) => (
              <MenuItem key={emoji} className="menu-emoji" aria-label={t("timeline.reactWith", { emoji })} onClick={() => void telling("reaction", react(message, emoji))}>{emoji}</MenuItem>
            ))}
          </div>
          {item("react", SmilePlus, () => openPanel({ name: "react", message }))}
          {item("quote", Quote, () => beginReply(message, placeOf(conversation, inThread ? (message.threadRoot ?? ref) : undefined)))}
          {!inThread && item("replyInThread", MessageSquareReply, () => navigate(threadPath(conversation, ref)))}
          {item("copyLink", Link2, () => copy(link))}
          {!own && !inThread && item("markUnread", MailOpen, () => markUnread(conversation, seq))}
          {own && item("readers", UsersRound, () => openPanel({ name: "readers", message }))}
          {editable && item("edit", Pencil, () => beginEdit(message))}
          {own && item("delete", Trash2, () => openPanel({ name: "delete", message }))}
        </>
      )}
    </>
  );
}
