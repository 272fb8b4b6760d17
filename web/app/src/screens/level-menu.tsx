// When a conversation makes itself heard, and the way to a day in it.
import { Menu, MenuButton, MenuItem, MenuItemRadio, MenuProvider } from "@ariakit/react";
import { AtSign, Bell, BellOff, CalendarDays, Check, EllipsisVertical, MessageSquareReply, Settings as Gear, Smile, type LucideIcon } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Id } from "@core/types";
import { setLevel, type Level } from "../state/kept";
import { openPanel } from "../state/panels";
import { useApp } from "../state/store";

export const kLevels: Record<Level, LucideIcon> = { all: Bell, mentions: AtSign, none: BellOff };

export function ConversationMenu({ conversation, grouped }: { conversation: Id; grouped: boolean }) {
  const { t } = useTranslation();
  const channel = useApp((state) => state.channels[conversation] !== undefined);
  const level = useApp((state) => state.levels[conversation] ?? "all");
  return (
    <MenuProvider placement="bottom-end" values={{ level }} setValues={(values: { level: Level }) => setLevel(conversation, values.level)}>
      <MenuButton className="icon-button" aria-label={t("levels.menu")}>
        {level === "all" ? <EllipsisVertical size={20} aria-hidden /> : level === "none" ? <BellOff size={20} aria-hidden /> : <AtSign size={20} aria-hidden />}
      </MenuButton>
      <Menu className="menu" portal gutter={4} unmountOnHide>
        <MenuItem className="menu-item" onClick={() => openPanel({ name: "day", conversation })}><CalendarDays size={16} aria-hidden /> {t("timeline.jumpToDay")}</MenuItem>
        <MenuItem className="menu-item" onClick={() => openPanel({ name: "followThreads", conversation })}><MessageSquareReply size={16} aria-hidden /> {t("threads.followHere")}</MenuItem>
        <MenuItem className="menu-item" onClick={() => openPanel({ name: "emoji", conversation })}><Smile size={16} aria-hidden /> {t("emoji.title")}</MenuItem>
        {grouped && <MenuItem className="menu-item" onClick={() => openPanel({ name: "groupSettings", group: conversation })}><Gear size={16} aria-hidden /> {t(channel ? "groupSettings.channel" : "groupSettings.group")}</MenuItem>}
        <p className="menu-label" id="levels-label">{t("levels.title")}</p>
        {(Object.entries(kLevels) as [Level, LucideIcon][]).map(([value, Icon]) => (
          <MenuItemRadio key={value} className="menu-item" name="level" value={value} hideOnClick>
            <Icon size={16} aria-hidden /> {t(`levels.${value}`)} {value === level && <Check size={16} className="menu-check" aria-hidden />}
          </MenuItemRadio>
        ))}
      </Menu>
    </MenuProvider>
  );
}
