// A thread beside its conversation, and the list of all threads.
import { Bell, BellOff, CheckCheck, MessageSquareReply, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import type { Id, MessageRef, Overview, Thread } from "@core/types";
import { Back } from "../ui/back";
import { Avatar, Button, Empty, IconButton, Spinner } from "../ui/basics";
import { useClosed } from "../lib/closed";
import { fullDateOf, shortDateOf } from "../lib/dates";
import { useDrop } from "../lib/drop";
import { conversationPath, threadPath } from "../lib/links";
import { nameOf, titleOf } from "../lib/names";
import { useNarrow } from "../lib/narrow";
import { summaryOf } from "../lib/summary";
import { placeOf } from "../state/composing";
import { closeThread, followThread, markAllRead, openThread } from "../state/conversations";
import { client } from "../state/engine";
import { learn, peopleOf } from "../state/refresh";
import { choose } from "../state/files";
import { useApp } from "../state/store";
import { Composer } from "./composer";
import { MessageView } from "./message";

export function ThreadPane({ one, root }: { one: Overview; root: MessageRef }) {
  const { t } = useTranslation();
  const id = one.conversation.id;
  const [, navigate] = useLocation();
  const me = useApp((state) => state.account?.user);
  const thread = useApp((state) => (state.thread?.root === root ? state.thread : null));
  const closed = useClosed(one.conversation);
  const end = useRef<HTMLDivElement>(null);
  const count = thread?.messages.length ?? 0;
  useEffect(() => {
    void openThread(id, root).catch(() => undefined);
    end.current?.scrollIntoView();
  }, [id, root, count]);
  useEffect(() => closeThread, [root]);
  const { over, handlers } = useDrop((files) => closed || void choose(placeOf(id, root), files));
  const following = thread?.messages[0]?.thread?.following ?? false;
  return (
    <aside className="thread" aria-label={t("threads.one")} {...handlers}>
      {over && !closed && <div className="drop-here"><p>{t("files.drop")}</p></div>}
      <header className="conversation-head">
        <h2>{t("threads.one")}</h2>
        {count > 1 && <IconButton icon={following ? BellOff : Bell} label={t(following ? "threads.unfollow" : "threads.follow")} onClick={() => void followThread(id, root, !following)} />}
        <IconButton icon={X} label={t("common.close")} onClick={() => navigate(conversationPath(id))} />
      </header>
      <div className="thread-list" role="log" aria-label={t("threads.one")} tabIndex={0}>
        {thread?.messages.map((message) => <MessageView key={message.ref} message={message} first own={message.senderUser === me} inThread />) ?? <Spinner />}
        <div ref={end} />
      </div>
      {closed ? <p className="composer-closed" role="status">{t(`composer.${closed}`)}</p> : <Composer key={root} one={one} root={root} />}
    </aside>
  );
}

export function ThreadsScreen() {
  const { t } = useTranslation();
  const overview = useApp((state) => state.overview);
  const narrow = useNarrow();
  const markAll = () => void markAllRead();
  const [threads, setThreads] = useState<Thread[]>();
  useEffect(() => {
    void client().threads(undefined, true).then(async (found) => {
      setThreads(found);
      await learn(found.flatMap(({ root }) => peopleOf(root)));
    }).catch(() => setThreads((before) => before ?? []));
  }, [overview]);
  const nameOfPlace = (id: Id) => {
    const one = overview.find(({ conversation }) => conversation.id === id);
    return one ? titleOf(one, t) : "";
  };
  return (
    <section className="list-screen" aria-label={t("threads.title")}>
      <header className="conversation-head">
        <Back /><h2>{t("threads.title")}</h2>
        {narrow ? <IconButton icon={CheckCheck} label={t("threads.markAllRead")} onClick={markAll} /> : <Button icon={CheckCheck} onClick={markAll}>{t("threads.markAllRead")}</Button>}
      </header>
      {threads === undefined ? <div className="whole"><Spinner /></div> : threads.length === 0 ? (
        <Empty icon={MessageSquareReply} title={t("threads.none")} text={t("threads.noneText")} />
      ) : (
        <ul className="results thread-results">
          {threads.map((thread) => <li key={thread.root.ref}><Row thread={thread} place={nameOfPlace(thread.conversation)} /></li>)}
        </ul>
      )}
    </section>
  );
}

const kFaces = 3;
const kNamed = 3;

function Row({ thread: { conversation, root }, place }: { thread: Thread; place: string }) {
  const { t, i18n } = useTranslation();
  const users = useApp((state) => state.users);
  const account = useApp((state) => state.account);
  const { replies = 0, unread = 0, participants = [], lastReplyAt = null } = root.thread ?? {};
  const people = participants.map((id) => ({ id, face: id === account?.user ? account.username : nameOf(users[id], "?"),
    name: id === account?.user ? t("common.you") : nameOf(users[id], t("common.unknownPerson")) }));
  const more = people.length - kNamed;
  const names = new Intl.ListFormat(i18n.language).format([...people.slice(0, kNamed).map(({ name }) => name),
    ...(more > 0 ? [t("threads.others", { count: more })] : [])]);
  return (
    <Link href={threadPath(conversation, root.ref)} className="result" data-unread={unread > 0 || undefined}>
      <span className="thread-where field-hint">
        <bdi>{place}</bdi>
        {lastReplyAt !== null && <time dateTime={new Date(lastReplyAt / 1000).toISOString()} title={fullDateOf(lastReplyAt, i18n.language)}>
          {shortDateOf(lastReplyAt, i18n.language, { today: t("common.today"), yesterday: t("common.yesterday") })}
        </time>}
      </span>
      <span className="result-text" dir="auto">{summaryOf(root, t)}</span>
      <span className="thread-who">
        <span className="faces" aria-hidden>{people.slice(0, kFaces).map(({ id, face }) => <Avatar key={id} id={id} name={face} size={24} />)}</span>
        <span className="field-hint">{t("threads.replies", { count: replies })}{people.length > 0 && <> · <bdi>{names}</bdi></>}</span>
        {unread > 0 && <span className="badge">{t("threads.unread", { count: unread })}</span>}
      </span>
    </Link>
  );
}
