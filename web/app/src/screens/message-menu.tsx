import { Menu, MenuButton, MenuItem, MenuProvider } from "@ariakit/react";
import { Ellipsis } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { Message } from "@core/types";
import { editEnd, isEditable } from "../lib/edits";
import { kMessageKeys } from "../lib/shortcuts";
import { react } from "../state/conversations";
import { refreshPolicy } from "../state/places";
import { useApp } from "../state/store";
import { telling } from "../state/troubles";
import { actionsOf } from "./message-actions";

const kQuick = ["👍", "❤️", "😂", "🎉", "👀"];
const kLongest = 2 ** 31 - 1; // milliseconds that a timer can wait

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
  const [used, setUsed] = useState<"reached" | "tapped">();
  // The menu's machinery is made when the button is first reached: a timeline has many.
  const reached = () => {
    setUsed((before) => before ?? "reached");
    void refreshPolicy().catch(() => undefined); // whether Edit is offered hangs on it
  };
  if (!used) {
    return (
      <button type="button" className="icon-button message-menu" aria-label={t("timeline.messageMenu")} aria-haspopup="menu"
        onPointerEnter={({ pointerType }) => pointerType === "mouse" && reached()}
        onFocus={({ currentTarget }) => currentTarget.matches(":focus-visible") && reached()} onClick={() => { reached(); setUsed("tapped"); }}>
        <Ellipsis size={18} aria-hidden />
      </button>
    );
  }
  return (
    <MenuProvider placement="bottom-end" defaultOpen={used === "tapped"}>
      <MenuButton className="icon-button message-menu" onPointerEnter={reached} onFocus={reached} aria-label={t("timeline.messageMenu")}><Ellipsis size={18} aria-hidden /></MenuButton>
      <Menu className="menu" portal gutter={4} unmountOnHide>
        <Items message={message} own={own} inThread={inThread} />
      </Menu>
    </MenuProvider>
  );
}

function Items({ message, own, inThread }: { message: Message; own: boolean; inThread: boolean }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const [first, ...others] = actionsOf(message, { own, inThread, editable: useEditable(message), navigate }).map(({ name, icon: Icon, run }) => (
    <MenuItem key={name} className="menu-item" onClick={run}>
      <Icon size={16} aria-hidden /> <span>{t(`timeline.${name}`)}</span> <kbd aria-hidden>{kMessageKeys[name]}</kbd>
    </MenuItem>
  ));
  return (
    <>
      {first}
      {message.seq > 0 && (
        <div className="menu-row">
          {kQuick.map((emoji) => (
            <MenuItem key={emoji} className="menu-emoji" aria-label={t("timeline.reactWith", { emoji })} onClick={() => void telling("reaction", react(message, emoji))}>{emoji}</MenuItem>
          ))}
        </div>
      )}
      {others}
    </>
  );
}
