// Ctrl+K: every conversation and every command by a few letters.
import { Combobox, ComboboxGroup, ComboboxGroupLabel, ComboboxItem, ComboboxList, ComboboxProvider, Dialog } from "@ariakit/react";
import { Contrast, Keyboard, MessageSquarePlus, MonitorSmartphone, Moon, Settings as Gear, Sun, UserPlus, type LucideIcon } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { Keys } from "../ui/basics";
import { Face } from "../ui/face";
import { matches } from "../lib/match";
import { titleOf } from "../lib/names";
import { keysOf } from "../lib/shortcuts";
import { openPanel } from "../state/panels";
import { prefer, usePreferences } from "../state/preferences";
import { useApp } from "../state/store";

const kShown = 8;

interface Command {
  name: string;
  icon: LucideIcon;
  keys?: string;
  run(): void;
}

export function Palette({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const overview = useApp((state) => state.overview);
  const contrast = usePreferences((state) => state.contrast);
  const [wanted, setWanted] = useState("");
  const commands: Command[] = [
    { name: t("list.new"), icon: MessageSquarePlus, keys: keysOf("newConversation"), run: () => openPanel({ name: "newConversation" }) },
    { name: t("people.invite"), icon: UserPlus, run: () => openPanel({ name: "invite" }) },
    { name: t("settings.devices"), icon: MonitorSmartphone, run: () => navigate("/settings/devices") },
    { name: t("settings.title"), icon: Gear, keys: keysOf("settings"), run: () => navigate("/settings") },
    { name: `${t("settings.theme")}: ${t("settings.light")}`, icon: Sun, run: () => prefer({ theme: "light" }) },
    { name: `${t("settings.theme")}: ${t("settings.dark")}`, icon: Moon, run: () => prefer({ theme: "dark" }) },
    { name: t("settings.contrast"), icon: Contrast, run: () => prefer({ contrast: !contrast }) },
    { name: t("shortcuts.title"), icon: Keyboard, keys: "?", run: () => openPanel({ name: "shortcuts" }) },
  ];
  const people = useMemo(
    () => overview.filter((one) => matches(`${titleOf(one, t)} ${one.peer?.username ?? ""}`, wanted)).slice(0, kShown),
    [overview, wanted],
  );
  const found = commands.filter(({ name }) => matches(name, wanted));
  const run = (action: () => void) => () => {
    onClose();
    action();
  };
  return (
    <Dialog open onClose={onClose} aria-label={t("palette.title")} className="dialog palette" backdrop={<div className="backdrop" />}>
      <ComboboxProvider open setValue={setWanted} includesBaseElement={false} defaultActiveId={undefined}>
        <Combobox autoSelect="always" autoFocus className="palette-input" placeholder={t("palette.placeholder")} aria-label={t("palette.title")} />
        <ComboboxList className="palette-list" alwaysVisible>
          {people.length > 0 && (
            <ComboboxGroup>
              <ComboboxGroupLabel className="palette-label">{t("palette.conversations")}</ComboboxGroupLabel>
              {people.map((one) => {
                const name = titleOf(one, t);
                return (
                  <ComboboxItem key={one.conversation.id} className="palette-item" hideOnClick={false} focusOnHover setValueOnClick={false}
                    onClick={run(() => navigate(`/c/${one.conversation.id}`))}>
                    <Face one={one} name={name} size={24} /> <span dir="auto">{name}</span>
                  </ComboboxItem>
                );
              })}
            </ComboboxGroup>
          )}
          {found.length > 0 && (
            <ComboboxGroup>
              <ComboboxGroupLabel className="palette-label">{t("palette.commands")}</ComboboxGroupLabel>
              {found.map(({ name, icon: Icon, keys, run: action }) => (
                <ComboboxItem key={name} className="palette-item" hideOnClick={false} focusOnHover setValueOnClick={false} onClick={run(action)}>
                  <Icon size={18} aria-hidden /> <span>{name}</span> {keys && <Keys of={keys} />}
                </ComboboxItem>
              ))}
            </ComboboxGroup>
          )}
          {people.length + found.length === 0 && <p className="palette-none" role="status">{t("palette.none")}</p>}
        </ComboboxList>
      </ComboboxProvider>
    </Dialog>
  );
}
