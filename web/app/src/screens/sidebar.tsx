import type { Overview } from "@core/types";
import { Hash, MessageSquarePlus, MessageSquareReply, MessagesSquare, Search, Settings as Gear, ShieldCheck, TriangleAlert, X } from "lucide-react";
import { memo, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { VList } from "virtua";
import { Link, useLocation } from "wouter";
import { Avatar, Button, Empty, IconButton } from "../ui/basics";
import { LiveFace } from "../ui/face";
import { shortDateOf } from "../lib/dates";
import { apart, nameOf, titleOf } from "../lib/names";
import { useNarrow } from "../lib/narrow";
import { keysOf } from "../lib/shortcuts";
import { summaryOf } from "../lib/summary";
import { openPanel } from "../state/panels";
import { useApp } from "../state/store";
import { Banners } from "./banners";
import { kLevels } from "./level-menu";
import { useNoticeText } from "./notice";
import { badgeOf } from "../state/timeline";

export function Sidebar() {
  const { t } = useTranslation();
  const [path] = useLocation();
  const overview = useApp((state) => state.overview);
  const [wanted, setWanted] = useState("");
  const found = useMemo(() => {
    const needle = wanted.trim().toLocaleLowerCase();
    return needle === "" ? overview : overview.filter((one) =>
      titleOf(one, t).toLocaleLowerCase().includes(needle) || (one.peer?.username.toLowerCase().includes(needle) ?? false));
  }, [overview, wanted]);
  return (
    <nav className="sidebar" aria-label={t("list.title")}>
      <header className="sidebar-head">
        <img src="/icon.svg" alt="" width="28" height="28" />
        <h2>{t("list.title")}</h2>
        <IconButton icon={MessageSquarePlus} label={t("list.new")} keys={keysOf("newConversation")} onClick={() => openPanel({ name: "newConversation" })} />
      </header>
      <div className="sidebar-search">
        <Search size={16} aria-hidden />
        <input id="conversation-search" type="search" value={wanted} placeholder={t("list.search")} aria-label={t("list.search")}
          onChange={(event) => setWanted(event.target.value)} onKeyDown={(event) => event.key === "Escape" && setWanted("")} />
        {wanted && <IconButton icon={X} label={t("common.close")} onClick={() => setWanted("")} />}
      </div>
      <div className="sidebar-links">
        <Link href="/channels" aria-current={path === "/channels" || path.startsWith("/spaces/") ? "page" : undefined}><Hash size={18} aria-hidden /> {t("channels.title")}</Link>
        <Link href="/threads" aria-current={path === "/threads" ? "page" : undefined}><MessageSquareReply size={18} aria-hidden /> {t("threads.title")} <ThreadBadge /></Link>
        <Link href="/search" aria-current={path === "/search" ? "page" : undefined}><Search size={18} aria-hidden /> {t("search.title")}</Link>
      </div>
      {overview.length === 0 ? (
        <None />
      ) : found.length === 0 ? (
        <Empty icon={Search} title={t("list.noMatch")} text={t("list.noMatchText")} />
      ) : (
        <VList className="conversations" role="list" aria-label={t("list.title")} tabIndex={-1} data={found} item="div">
          {(one) => <Entry key={one.conversation.id} one={one} current={path.startsWith(`/c/${one.conversation.id}`)} />}
        </VList>
      )}
      <Banners />
      <Me />
    </nav>
  );
}

/** Beside it the welcome tells what to do; a phone shows this alone. */
function None() {
  const { t } = useTranslation();
  if (!useNarrow()) {
    return <p className="conversations-none">{t("list.noneHere")}</p>;
  }
  return (
    <Empty icon={MessagesSquare} title={t("list.none")} text={t("list.noneText")}>
      <Button look="primary" onClick={() => openPanel({ name: "newConversation" })}>{t("list.new")}</Button>
      <Button onClick={() => openPanel({ name: "invite" })}>{t("people.makeInvite")}</Button>
    </Empty>
  );
}

const Entry = memo(function Entry({ one, current }: { one: Overview; current: boolean }) {
  const { t, i18n } = useTranslation();
  const { id, lastActivity, mentions } = one.conversation;
  const unread = useApp((state) => badgeOf(one.conversation, state.levels[id] ?? "all", state.marked[id] !== undefined));
  const level = useApp((state) => state.levels[id] ?? "all");
  const LevelIcon = kLevels[level];
  const draft = useApp((state) => state.drafts[id]);
  const me = useApp((state) => state.account?.user);
  const name = titleOf(one, t);
  const words = { today: t("common.today"), yesterday: t("common.yesterday") };
  const { last } = one;
  const notice = useNoticeText(last?.notice ? [last] : []);
  const text = last ? notice || summaryOf(last, t) : t("list.empty");
  const sender = useApp((state) => (last ? state.users[last.senderUser] : undefined));
  const said = last && !last.notice; // who did it stands in a notice itself
  const named = one.conversation.kind === "group" && said && last.senderUser !== me
    ? t("list.somebody", { name: apart(nameOf(sender, t("common.unknownPerson"))), text: apart(text) }) : text;
  const preview = draft && !current ? t("list.draft", { text: apart(draft) }) : said && last.senderUser === me ? t("list.you", { text: apart(text) }) : named;
  return (
    <div role="listitem">
      <Link href={`/c/${id}`} className="entry" aria-current={current ? "page" : undefined} data-unread={unread > 0 || undefined}>
        <LiveFace one={one} name={name} />
        <span className="entry-text">
          <span className="entry-line">
            <span className="entry-name"><bdi>{name}</bdi></span>
            {one.peer?.trust === "verified" && <ShieldCheck size={14} className="entry-verified" aria-label={t("trust.verified")} />}
            {one.peer?.trust === "changed" && <TriangleAlert size={14} className="entry-changed" aria-label={t("trust.changed")} />}
            {lastActivity !== null && <time className="entry-time">{shortDateOf(lastActivity, i18n.language, words)}</time>}
          </span>
          <span className="entry-line">
            <span className="entry-preview" dir="auto">{preview}</span>
            {level !== "all" && <LevelIcon size={14} className="entry-level" aria-label={t(`levels.${level}`)} />}
            {unread > 0 && (
              <span className="badge" data-mention={mentions > 0 || undefined}><span aria-hidden>{mentions > 0 ? "@" : ""}{unread > 99 ? "99+" : unread}</span><span className="visually-hidden">{t("list.unread", { count: unread })}</span></span>
            )}
          </span>
        </span>
      </Link>
    </div>
  );
});

function ThreadBadge() {
  const { t } = useTranslation();
  const count = useApp((state) => state.overview.reduce((sum, { conversation }) => sum + conversation.unreadThreads, 0));
  return count > 0 && <span className="badge"><span aria-hidden>{count}</span><span className="visually-hidden">{t("threads.unread", { count })}</span></span>;
}

function Me() {
  const { t } = useTranslation();
  const account = useApp((state) => state.account);
  const link = useApp((state) => state.link);
  const name = account?.username ?? "";
  return (
    <footer className="me">
      <Avatar id={account?.user ?? ""} name={name} size={32} />
      <span className="me-text">
        <span className="me-name"><bdi>{name}</bdi></span>
        <span className={`link link-${link}`} role="status">{t(`link.${link}Short`)}</span>
      </span>
      <Link href="/settings" className="icon-button" aria-label={t("settings.title")}><Gear size={20} aria-hidden /></Link>
    </footer>
  );
}
