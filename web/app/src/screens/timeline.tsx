// One conversation's messages: virtualised, older pages loaded while scrolling, at the newest one unless scrolled away.
import { ArrowDown, LockKeyhole } from "lucide-react";
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { VList, type VListHandle } from "virtua";
import type { Overview } from "@core/types";
import { Button, IconButton } from "../ui/basics";
import { Face } from "../ui/face";
import { dayOf } from "../lib/dates";
import { titleOf } from "../lib/names";
import { loadNewer, loadOlder, markRead, toNewest } from "../state/conversations";
import { readEarlier } from "../state/history";
import { useApp } from "../state/store";
import { rowsOf, type Row } from "../state/timeline";
import { MessageView } from "./message";
import { NoticeView } from "./notice";

const kNearEnd = 80; // pixels within which new messages are followed
const kFrames = 60;
const kLoadAhead = 600; // pixels from the top at which the older page is asked for

/** The list draws a row some frames after it was told to go there. */
function whenDrawn(find: () => HTMLElement | null, use: (element: HTMLElement) => void): () => void {
  let frames = kFrames;
  let next = 0;
  const look = () => {
    const element = find();
    if (element) {
      use(element);
    } else if (--frames > 0) {
      next = requestAnimationFrame(look);
    }
  };
  next = requestAnimationFrame(look);
  return () => cancelAnimationFrame(next);
}

export function Timeline({ one, readSeq }: { one: Overview; readSeq: number }) {
  const { t } = useTranslation();
  const id = one.conversation.id;
  const window = useApp((state) => state.windows[id])!;
  const me = useApp((state) => state.account?.user ?? "");
  const rows = useMemo(() => rowsOf(window, { me, readSeq }), [window, me, readSeq]);
  const list = useRef<VListHandle>(null);
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [away, setAway] = useState(false);
  const firstIndex = window.messages[0]?.index ?? 0;
  const lastFirst = useRef(firstIndex);
  const grewAtStart = firstIndex < lastFirst.current;
  const rowCount = rows.length;

  const focus = useApp((state) => (state.focus?.conversation === id ? state.focus : null));
  // A line about the group cannot be stood on: the message behind it.
  const focusAt = focus ? rows.findIndex((row) => row.kind === "message" && row.message.index >= focus.index) : -1;
  const newest = window.messages.at(-1)?.index ?? -1;
  const whole = newest + 1 >= one.conversation.messageCount; // nothing newer lies beyond the window

  const toEnd = () => list.current?.scrollToIndex(rowCount - 1, { align: "end" });
  // Whoever has scrolled up is told to this component some frames later: what is drawn until then must not pull them back.
  const isLeavingEnd = () => {
    const drawn = box.current?.querySelector(".timeline-list")?.scrollTop ?? 0;
    return list.current !== null && drawn < list.current.scrollOffset - 1;
  };
  const backToEnd = () => {
    atEnd.current = true;
    void toNewest(id).then(toEnd);
  };

  useLayoutEffect(() => {
    lastFirst.current = firstIndex;
    if (atEnd.current && !focus && !isLeavingEnd()) {
      toEnd();
    }
  });
  // Once for each jump; what is loaded afterwards does not move it again.
  useLayoutEffect(() => {
    if (focus) {
      atEnd.current = false;
      list.current?.scrollToIndex(focusAt < 0 ? rowCount - 1 : focusAt, { align: "center" });
      return whenDrawn(() => box.current?.querySelector<HTMLElement>("[data-focused]") ?? null, (element) => element.focus({ preventScroll: true }));
    }
    return undefined;
  }, [focus]);
  useEffect(() => {
    if (atEnd.current && document.visibilityState === "visible") {
      markRead(id);
    }
    const seen = () => document.visibilityState === "visible" && atEnd.current && markRead(id);
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [id, newest, whole]);

  const onScroll = (offset: number) => {
    const handle = list.current;
    if (!handle) {
      return;
    }
    const fromEnd = handle.scrollSize - handle.viewportSize - offset;
    atEnd.current = fromEnd < kNearEnd && whole && !focus;
    if (fromEnd < kLoadAhead && !whole) {
      void loadNewer(id);
    }
    setAway(fromEnd > handle.viewportSize);
    if (atEnd.current) {
      markRead(id);
    }
    if (offset < kLoadAhead) {
      void loadOlder(id);
    }
  };

  return (
    <div className="timeline" ref={box}>
      <VList ref={list} className="timeline-list" data={rows} shift={grewAtStart} onScroll={onScroll} role="log"
        aria-label={t("timeline.label")} tabIndex={0}>
        {(row) => <RowView key={row.key} row={row} one={one} me={me} focused={row === rows[focusAt]} />}
      </VList>
      {(away || !whole) && <IconButton icon={ArrowDown} label={t("timeline.jumpToEnd")} className="to-end" onClick={backToEnd} />}
    </div>
  );
}

const RowView = memo(function RowView({ row, one, me, focused }: { row: Row; one: Overview; me: string; focused: boolean }) {
  const { t, i18n } = useTranslation();
  switch (row.kind) {
    case "start":
      return <Start one={one} />;
    case "day":
      return (
        <div className="day" role="separator">
          <span>{dayOf(row.at, i18n.language, { today: t("common.today"), yesterday: t("common.yesterday") })}</span>
        </div>
      );
    case "unread":
      return <div className="unread-line" role="separator"><span>{t("timeline.newMessages")}</span></div>;
    case "notice":
      return <NoticeView messages={row.messages} />;
    case "message":
      return <MessageView message={row.message} first={row.first} own={row.message.senderUser === me} focused={focused} />;
  }
});

function Start({ one }: { one: Overview }) {
  const { t } = useTranslation();
  const open = useApp((state) => state.channels[one.conversation.id]?.open ?? state.groups[one.conversation.id]?.open ?? false);
  const group = useApp((state) => state.groups[one.conversation.id]);
  const [waits, setWaits] = useState(false);
  const link = useApp((state) => state.link);
  useEffect(() => setWaits(false), [group, link]); // read again when they are there; a lost connection takes the question along
  const ask = () => {
    setWaits(true);
    void readEarlier(one.conversation.id).catch(() => setWaits(false));
  };
  const name = titleOf(one, t);
  const grouped = one.conversation.kind === "group";
  const shared = group?.sharesHistory;
  const whoReads = open ? (shared ? "channels.publicStartShared" : "channels.publicStart")
    : grouped ? (shared ? "people.groupStartShared" : "people.groupStartText") : "timeline.startText";
  if (group?.hasEarlier) {
    return (
      <div className="timeline-start">
        <p className="field-hint">{t("timeline.earlierText")}</p>
        <div><Button onClick={ask} busy={waits}>{t("timeline.earlier")}</Button></div>
      </div>
    );
  }
  return (
    <div className="timeline-start">
      <Face one={one} name={name} size={64} />
      <p className="empty-title">{t(grouped ? "people.groupStart" : "timeline.start", { name })}</p>
      <p><LockKeyhole size={14} aria-hidden /> {t(whoReads)}</p>
    </div>
  );
}
