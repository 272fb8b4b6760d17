// Everything that can be gone to or done, as the palette lists it.
import {
  AtSign, Bell, BellOff, CalendarDays, CheckCheck, Contrast, DoorOpen, FolderOpen, FolderPlus, Hash, Keyboard, Languages, LogOut, MessageSquarePlus,
  MessageSquareReply, Moon, Rows3, Rows4, Search, Settings as Gear, Smile, Sun, SunMoon, UserPlus, Users, type LucideIcon,
} from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { Channel, Id, Overview, Thread, User } from "@core/types";
import { Avatar } from "../ui/basics";
import { Face } from "../ui/face";
import { kLanguages, setLanguage, type Language } from "../i18n";
import { conversationPath, spacePath, threadPath } from "../lib/links";
import { nameOf, titleOf } from "../lib/names";
import type { Item, Kind } from "../lib/palette";
import { keysOf, type ShortcutName } from "../lib/shortcuts";
import { titleOfSpace } from "../lib/spaces";
import { summaryOf } from "../lib/summary";
import { markAllRead, startConversation } from "../state/conversations";
import { setLevel, type Level } from "../state/kept";
import { openPanel } from "../state/panels";
import { joinChannel } from "../state/places";
import { prefer, usePreferences } from "../state/preferences";
import { useApp } from "../state/store";
import { kSections, sectionsFor } from "./settings-sections";

interface Where {
  path: string;
  words: string;
  directory: Channel[];
  threads: Thread[];
}

const icon = (Icon: LucideIcon) => <Icon size={18} aria-hidden />;

/** The newest conversation first, then people, channels, spaces and threads, then what there is to do. */
export function useItems({ path, words, directory, threads }: Where): Item[] {
  const conversations = useConversations(path);
  const known = usePeople();
  const places = usePlaces(directory);
  const followed = useThreadItems(threads);
  const commands = useCommands(path);
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  return useMemo(() => [
    ...conversations, ...known, ...places, ...followed, ...commands,
    ...(words === "" ? [] : [{
      id: "search", kind: "search" as const, title: t("palette.search", { words }), picture: icon(Search), last: true,
      run: () => navigate(`/search?words=${encodeURIComponent(words)}`),
    }]),
  ], [conversations, known, places, followed, commands, words, t]);
}

function useConversations(path: string): Item[] {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const overview = useApp((state) => state.overview);
  const channels = useApp((state) => state.channels);
  const spaces = useApp((state) => state.spaces);
  return useMemo(() => overview.map((one): Item => {
    const { id, kind, topic } = one.conversation;
    const title = titleOf(one, t);
    const channel = channels[id];
    return {
      id: `c ${id}`, title, kind: kind === "pair" ? "person" : channel ? "channel" : "group", picture: <Face one={one} name={title} size={24} />,
      beside: one.peer && one.peer.username !== title ? one.peer.username : channel ? titleOfSpace(spaces, channel.space) : undefined,
      also: [one.peer?.username, topic, channel && titleOfSpace(spaces, channel.space)].filter(Boolean).join(" "),
      offered: !path.startsWith(conversationPath(id)), run: () => navigate(conversationPath(id)),
    };
  }), [overview, channels, spaces, path, t]);
}

/** Those that are known from groups, without a conversation of their own. */
function usePeople(): Item[] {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const users = useApp((state) => state.users);
  const overview = useApp((state) => state.overview);
  const me = useApp((state) => state.account?.user);
  return useMemo(() => {
    const peers = new Set(overview.map(({ conversation }) => conversation.peer));
    return Object.values(users).filter(({ id, username }) => id !== me && username !== "" && !peers.has(id)).map((user: User): Item => {
      const title = nameOf(user, "");
      return {
        id: `u ${user.id}`, kind: "person", title, picture: <Avatar id={user.id} name={title} size={24} />,
        beside: title === user.username ? undefined : user.username, also: user.username,
        run: () => startConversation(user.username).then((id) => navigate(conversationPath(id))),
      };
    });
  }, [users, overview, me, t]);
}

function usePlaces(directory: Channel[]): Item[] {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const spaces = useApp((state) => state.spaces);
  return useMemo(() => [
    ...spaces.filter(({ archived }) => !archived).map(({ id, name, parent }): Item => ({
      id: `s ${id}`, kind: "space", title: name, beside: titleOfSpace(spaces, parent), also: titleOfSpace(spaces, parent), picture: icon(FolderOpen),
      run: () => navigate(spacePath(id)),
    })),
    ...directory.filter(({ joined, archived, name }) => !joined && !archived && name !== "").map((channel): Item => ({
      id: `c ${channel.id}`, kind: "channel", title: channel.name, beside: t("channels.join"), also: titleOfSpace(spaces, channel.space), picture: icon(Hash),
      run: () => joinChannel(channel).then(() => navigate(conversationPath(channel.id))),
    })),
  ], [spaces, directory, t]);
}

function useThreadItems(threads: Thread[]): Item[] {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const overview = useApp((state) => state.overview);
  return useMemo(() => threads.map(({ conversation, root }): Item => {
    const place = overview.find((one) => one.conversation.id === conversation);
    const title = place ? titleOf(place, t) : "";
    return {
      id: `t ${root.ref}`, kind: "thread", title: summaryOf(root, t), beside: title, also: title, picture: icon(MessageSquareReply),
      run: () => navigate(threadPath(conversation, root.ref)),
    };
  }), [threads, overview, t]);
}

const kLevelIcons: Record<Level, LucideIcon> = { all: Bell, mentions: AtSign, none: BellOff };

function useCommands(path: string): Item[] {
  const { t, i18n } = useTranslation();
  const [, navigate] = useLocation();
  const { contrast, density, theme } = usePreferences();
  const here = useApp((state) => state.overview.find(({ conversation }) => path.startsWith(conversationPath(conversation.id))));
  const channel = useApp((state) => (here ? state.channels[here.conversation.id] : undefined));
  const level = useApp((state) => (here ? (state.levels[here.conversation.id] ?? "all") : "all"));
  const administers = useApp((state) => state.administers);
  return useMemo(() => {
    const command = (kind: Kind, id: string, Icon: LucideIcon, title: string, run: () => unknown, more: Partial<Item> & { shortcut?: ShortcutName } = {}): Item => {
      const { shortcut, ...rest } = more;
      return { id: `${kind} ${id}`, kind, title, picture: icon(Icon), keys: shortcut && keysOf(shortcut), run, ...rest };
    };
    const action = command.bind(null, "action");
    const setting = (id: string, Icon: LucideIcon, title: string, section: string, also?: string) =>
      command("setting", id, Icon, title, () => navigate(`/settings/${section}`), { beside: t(`settings.${section}`), also: [t(`settings.${section}`), also].filter(Boolean).join(" ") });
    return [
      ...(here ? inHere(here.conversation.id, here, level) : []),
      action("newConversation", MessageSquarePlus, t("list.new"), () => openPanel({ name: "newConversation" }), { shortcut: "newConversation", offered: true, also: t("people.group") }),
      action("newChannel", Hash, t("channels.new"), () => openPanel({ name: "newChannel" }), { offered: true }),
      action("newSpace", FolderPlus, t("spaces.new"), () => openPanel({ name: "newSpace" })),
      action("invite", UserPlus, t("people.invite"), () => openPanel({ name: "invite" }), { offered: true }),
      action("channels", Hash, t("channels.title"), () => navigate("/channels"), { shortcut: "channels", offered: true }),
      action("threads", MessageSquareReply, t("threads.title"), () => navigate("/threads"), { shortcut: "threads", offered: true }),
      action("searchMessages", Search, t("search.title"), () => navigate("/search"), { shortcut: "searchMessages", offered: true }),
      action("markAllRead", CheckCheck, t("threads.markAllRead"), () => markAllRead()),
      action("settings", Gear, t("settings.title"), () => navigate("/settings"), { shortcut: "settings", offered: true }),
      action("shortcuts", Keyboard, t("shortcuts.title"), () => openPanel({ name: "shortcuts" }), { shortcut: "help", offered: true }),
      ...(["system", "light", "dark"] as const).filter((one) => one !== theme).map((one) =>
        action(`theme ${one}`, { system: SunMoon, light: Sun, dark: Moon }[one], `${t("settings.theme")}: ${t(`settings.${one}`)}`, () => prefer({ theme: one }))),
      action("contrast", Contrast, `${t("settings.contrast")}: ${t(contrast ? "palette.off" : "palette.on")}`, () => prefer({ contrast: !contrast })),
      ...(density === "compact" ? ["comfortable" as const] : ["compact" as const]).map((one) =>
        action(`density ${one}`, one === "compact" ? Rows4 : Rows3, `${t("settings.density")}: ${t(`settings.${one}`)}`, () => prefer({ density: one }))),
      ...(Object.entries(kLanguages) as [Language, string][]).filter(([language]) => language !== i18n.language).map(([language, name]) =>
        action(`language ${language}`, Languages, `${t("settings.language")}: ${name}`, () => setLanguage(language), { also: "language" })),
      action("signOut", LogOut, t("settings.signOut"), () => openPanel({ name: "signOut" })),
      ...sectionsFor(administers).flatMap((section) => {
        const { icon: Icon, holds } = kSections[section];
        return [
          command("setting", section, Icon, t(`settings.${section}`), () => navigate(`/settings/${section}`), { also: t("settings.title") }),
          ...holds.map((key) => setting(key, Icon, t(key), section)),
        ];
      }),
    ];

    /** What there is to do with the conversation on the screen. */
    function inHere(id: Id, { conversation, peer }: Overview, current: Level): Item[] {
      const grouped = conversation.kind === "group";
      const active = conversation.state === undefined || conversation.state === "active";
      return [
        ...(grouped ? [
          action("members", Users, t("people.members"), () => openPanel({ name: "members", group: id }), { shortcut: "details", offered: true }),
          action("groupSettings", Gear, t(channel ? "groupSettings.channel" : "groupSettings.group"), () => openPanel({ name: "groupSettings", group: id }), { offered: true }),
          ...(active ? [action("leave", DoorOpen, t("people.leave"), () => openPanel({ name: "leave", group: id }))] : []),
        ] : peer ? [action("verify", Users, t("trust.title", { name: nameOf(peer, t("common.unknownPerson")) }), () => openPanel({ name: "verify", user: peer.id }), { shortcut: "details", offered: true })] : []),
        action("day", CalendarDays, t("timeline.jumpToDay"), () => openPanel({ name: "day", conversation: id }), { shortcut: "day", offered: true }),
        action("follow", MessageSquareReply, t("threads.followHere"), () => openPanel({ name: "followThreads", conversation: id })),
        action("emoji", Smile, t("emoji.title"), () => openPanel({ name: "emoji", conversation: id })),
        ...(["all", "mentions", "none"] as const).filter((one) => one !== current).map((one) =>
          action(`level ${one}`, kLevelIcons[one], `${t("levels.title")}: ${t(`levels.${one}`)}`, () => setLevel(id, one))),
      ];
    }
  }, [t, i18n.language, here, channel, level, administers, contrast, density, theme]);
}
