import { History, Info, MessageCircleOff, Paperclip, ShieldCheck, ShieldQuestion, TriangleAlert } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Conversation, Id, Overview, Trust } from "@core/types";
import { Back } from "../ui/back";
import { Banner, Button, Empty, IconButton, Spinner } from "../ui/basics";
import { LiveFace } from "../ui/face";
import { useClosed } from "../lib/closed";
import { useDrop } from "../lib/drop";
import { partOf } from "../lib/links";
import { titleOf } from "../lib/names";
import { openPanel } from "../state/panels";
import { act, closeTimeline, jumpTo, openTimeline, readGroup } from "../state/conversations";
import { choose } from "../state/files";
import { unmark } from "../state/kept";
import { useApp } from "../state/store";
import { ConversationMenu } from "./level-menu";
import { Composer } from "./composer";
import { ThreadPane } from "./thread";
import { Timeline } from "./timeline";

export function ConversationScreen({ id, rest }: { id: Id; rest?: string | undefined }) {
  const { t } = useTranslation();
  const one = useApp((state) => state.overview.find(({ conversation }) => conversation.id === id));
  const loaded = useApp((state) => state.windows[id] !== undefined);
  // The line stands where reading went on when the conversation was opened; what comes while looking is not new.
  const [readSeq] = useState(() => {
    const { marked, overview } = useApp.getState();
    const found = overview.find(({ conversation }) => conversation.id === id)?.conversation;
    return marked[id] !== undefined ? marked[id] - 1 : found && found.unread > 0 ? found.readSeq : Infinity;
  });
  const { message, thread } = partOf(rest);
  const closed = useClosed(one?.conversation);
  const { over, handlers } = useDrop((files) => void choose(id, files));
  const known = one !== undefined;
  useEffect(() => {
    if (!known) {
      return undefined; // a link to somewhere else
    }
    unmark(id);
    void openTimeline(id);
    return () => closeTimeline(id);
  }, [id, known]);
  useEffect(() => {
    if (message) {
      void jumpTo(id, message).catch(() => undefined);
    }
  }, [id, message]);
  if (!one) {
    return (
      <Empty icon={MessageCircleOff} title={t("list.noMatch")} text={t("list.noMatchText")}>
        <Link className="button button-plain" href="/">{t("common.back")}</Link>
      </Empty>
    );
  }
  return (
    <section className={`conversation ${thread ? "with-thread" : ""}`} aria-label={titleOf(one, t)} {...handlers}>
      {over && <div className="drop-here"><Paperclip size={32} aria-hidden /><p>{t("files.drop")}</p><p className="field-hint">{t("files.dropText")}</p></div>}
      <Head one={one} />
      {one.peer?.trust === "changed" && <ChangedIdentity one={one} />}
      {loaded ? <Timeline one={one} readSeq={readSeq} /> : <div className="whole"><Spinner /></div>}
      {closed ? <p className="composer-closed" role="status">{t(`composer.${closed}`)}</p> : <Composer one={one} />}
      {thread && <ThreadPane one={one} root={thread} />}
    </section>
  );
}

const kTrust: Record<Trust, { icon: typeof ShieldCheck; look: string }> = {
  verified: { icon: ShieldCheck, look: "good" },
  first_use: { icon: ShieldQuestion, look: "open" },
  changed: { icon: TriangleAlert, look: "bad" },
  unknown: { icon: ShieldQuestion, look: "open" },
};

function Head({ one }: { one: Overview }) {
  const { t } = useTranslation();
  const { peer, conversation } = one;
  const name = titleOf(one, t);
  const trust = peer?.trust ?? "unknown";
  const { icon: Icon, look } = kTrust[trust];
  const grouped = conversation.kind === "group";
  const members = () => openPanel({ name: "members", group: conversation.id });
  const verify = () => peer && openPanel({ name: "verify", user: peer.id });
  return (
    <header className="conversation-head">
      <Back />
      <LiveFace one={one} name={name} />
      <div className="conversation-title">
        <h2><bdi>{name}</bdi></h2>
        {grouped ? (
          <p className="conversation-line">
            <button type="button" className="trust trust-open" onClick={members}><GroupLine conversation={conversation} /></button>
            {conversation.topic && <span className="conversation-topic" title={conversation.topic}><bdi>{conversation.topic}</bdi></span>}
          </p>
        ) : (
          <button type="button" className={`trust trust-${look}`} onClick={verify} disabled={!peer}>
            <Icon size={14} aria-hidden /> {t(`trust.${trust}`)}
          </button>
        )}
      </div>
      <ConversationMenu conversation={conversation.id} grouped={grouped} />
      <IconButton icon={Info} label={grouped ? t("people.members") : t("trust.title", { name })} onClick={grouped ? members : verify} disabled={!grouped && !peer} />
    </header>
  );
}

const kGroupStates = { creating: "creating", joining: "joining", leaving: "leaving", left: "gone", removed: "removed" } as const;

function GroupLine({ conversation: { id, state } }: { conversation: Conversation }) {
  const { t } = useTranslation();
  const group = useApp(({ groups }) => groups[id]);
  useEffect(() => {
    void readGroup(id).catch(() => undefined);
  }, [id, state]);
  if (state && state !== "active") {
    return <>{t(`people.${kGroupStates[state]}`)}</>;
  }
  return (
    <>
      {group ? t("people.memberCount", { count: group.members.length }) : t("people.members")}
      {group?.sharesHistory && <span className="shares-history"> · <History size={14} aria-hidden /> {t("people.sharesHistory")}</span>}
    </>
  );
}

function ChangedIdentity({ one }: { one: Overview }) {
  const { t } = useTranslation();
  const name = titleOf(one, t);
  const user = one.peer!;
  return (
    <Banner
      look="danger"
      icon={TriangleAlert}
      action={
        <>
          <Button onClick={() => openPanel({ name: "verify", user: user.id })}>{t("trust.compare")}</Button>
          <Button look="danger" onClick={() => void act((client) => client.acceptIdentity(user.username))}>{t("trust.accept")}</Button>
        </>
      }
    >
      <strong>{t("trust.changedTitle", { name })}</strong>
      <p>{t("trust.changedText", { name })} {user.wasVerified && t("trust.changedVerified")}</p>
    </Banner>
  );
}
