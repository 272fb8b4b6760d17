// A thread beside its conversation, and the list of all threads.
import { Bell, BellOff, CheckCheck, MessageSquareReply, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import type { MessageRef, Overview, Thread } from "@core/types";
import { Back } from "../ui/back";
import { Button, Empty, IconButton, Spinner } from "../ui/basics";
import { useDrop } from "../lib/drop";
import { conversationPath, threadPath } from "../lib/links";
import { titleOf } from "../lib/names";
import { summaryOf } from "../lib/summary";
import { placeOf } from "../state/composing";
import { closeThread, followThread, markAllRead, openThread } from "../state/conversations";
import { client } from "../state/engine";
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
  const end = useRef<HTMLDivElement>(null);
  const count = thread?.messages.length ?? 0;
  useEffect(() => {
    void openThread(id, root).catch(() => undefined);
    end.current?.scrollIntoView();
  }, [id, root, count]);
  useEffect(() => closeThread, [root]);
  const { over, handlers } = useDrop((files) => void choose(placeOf(id, root), files));
  const following = thread?.messages[0]?.thread?.following ?? false;
  return (
    <aside className="thread" aria-label={t("threads.one")} {...handlers}>
      {over && <div className="drop-here"><p>{t("files.drop")}</p></div>}
      <header className="conversation-head">
        <h2>{t("threads.one")}</h2>
        {count > 1 && <IconButton icon={following ? BellOff : Bell} label={t(following ? "threads.unfollow" : "threads.follow")} onClick={() => void followThread(id, root, !following)} />}
        <IconButton icon={X} label={t("common.close")} onClick={() => navigate(conversationPath(id))} />
      </header>
      <div className="thread-list" role="log" aria-label={t("threads.one")} tabIndex={0}>
        {thread?.messages.map((message) => <MessageView key={message.ref} message={message} first own={message.senderUser === me} inThread />) ?? <Spinner />}
        <div ref={end} />
      </div>
      <Composer key={root} one={one} root={root} />
    </aside>
  );
}

export function ThreadsScreen() {
  const { t } = useTranslation();
  const overview = useApp((state) => state.overview);
  const [threads, setThreads] = useState<Thread[]>();
  useEffect(() => {
    void client().threads(undefined, true).then(setThreads, () => setThreads([]));
  }, [overview]);
  const nameOfPlace = (id: string) => {
    const one = overview.find(({ conversation }) => conversation.id === id);
    return one ? titleOf(one, t) : "";
  };
  return (
    <section className="list-screen" aria-label={t("threads.title")}>
      <header className="conversation-head"><Back /><h2>{t("threads.title")}</h2><Button icon={CheckCheck} onClick={() => void markAllRead()}>{t("threads.markAllRead")}</Button></header>
      {threads === undefined ? <div className="whole"><Spinner /></div> : threads.length === 0 ? (
        <Empty icon={MessageSquareReply} title={t("threads.none")} text={t("threads.noneText")} />
      ) : (
        <ul className="results">
          {threads.map(({ conversation, root }) => (
            <li key={root.ref}>
              <Link href={threadPath(conversation, root.ref)} className="result">
                <span className="field-hint"><bdi>{nameOfPlace(conversation)}</bdi> · {t("threads.replies", { count: root.thread?.replies ?? 0 })}</span>
                <span className="result-text" dir="auto">{summaryOf(root, t)}</span>
                {(root.thread?.unread ?? 0) > 0 && <span className="badge">{t("threads.unread", { count: root.thread!.unread })}</span>}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
