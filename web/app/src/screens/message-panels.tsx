// Dialogs about one message: a reaction, who has read it, its deletion.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Message, MessageText, ReceiptState } from "@core/types";
import { Avatar, Button } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { explainError } from "../lib/errors";
import { fullDateOf } from "../lib/dates";
import { nameOf } from "../lib/names";
import { act, react } from "../state/conversations";
import { client } from "../state/engine";
import { useNewest, useReceiptCounts } from "../state/receipt-counts";
import { useApp } from "../state/store";
import { telling } from "../state/troubles";
import { EmojiPicker } from "./emoji";

interface Props {
  message: Message;
  onClose(): void;
}

export function ReactPanel({ message, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Modal title={t("timeline.react")} onClose={onClose}>
      <EmojiPicker conversation={message.conversation} onPick={(emoji, picture) => { onClose(); void telling("reaction", react(message, emoji, picture)); }} />
    </Modal>
  );
}

export function DeletePanel({ message, onClose }: Props) {
  const { t } = useTranslation();
  const [problem, setProblem] = useState("");
  const own = useApp((state) => state.account?.user === message.senderUser);
  const sender = useApp((state) => state.users[message.senderUser]);
  const remove = () => void act((of) => (own ? of.delete(message.conversation, message.ref) : of.moderate(message.conversation, message.ref)))
    .then(onClose, (error: unknown) => setProblem(explainError(t, error)));
  return (
    <Modal title={t("timeline.deleteTitle")} onClose={onClose}
      actions={<><Button onClick={onClose}>{t("common.cancel")}</Button><Button look="danger" onClick={remove}>{t("timeline.delete")}</Button></>}>
      <p>{own ? t("timeline.deleteText") : t("timeline.moderateText", { name: nameOf(sender, t("common.unknownPerson")) })}</p>
      {problem && <p className="field-problem" role="alert">{problem}</p>}
    </Modal>
  );
}

/** What it said before, as far as this device has seen it. */
export function TextsPanel({ message, onClose }: Props) {
  const { t, i18n } = useTranslation();
  const [texts, setTexts] = useState<MessageText[]>([]);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    client().messageTexts(message.conversation, message.ref).then(setTexts, (error: unknown) => setProblem(explainError(t, error)));
  }, [message, t]);
  return (
    <Modal title={t("timeline.earlierTexts")} onClose={onClose}>
      {problem && <p className="field-problem" role="alert">{problem}</p>}
      <ol className="stack message-texts" reversed>
        {[...texts].reverse().map(({ text, since }, at) => (
          <li key={texts.length - at}>
            <p className="field-hint">{since === null ? t("timeline.queued") : <time dateTime={new Date(since / 1000).toISOString()}>{fullDateOf(since, i18n.language)}</time>}</p>
            <p className="message-earlier" dir="auto">{text}</p>
          </li>
        ))}
      </ol>
      <p className="field-hint">{t("timeline.earlierTextsHint")}</p>
    </Modal>
  );
}

export function ReadersPanel({ message: opened, onClose }: Props) {
  const { t } = useTranslation();
  const message = useNewest(opened);
  useReceiptCounts(message);
  const users = useApp((state) => state.users);
  const me = useApp((state) => state.account?.user);
  const [receipts, setReceipts] = useState<ReceiptState[]>([]);
  useEffect(() => {
    void client().receipts(message.conversation).then(setReceipts, () => undefined);
  }, [message]);
  const others = receipts.filter(({ user }) => user !== me);
  const list = (title: string, of: ReceiptState[]) => of.length > 0 && (
    <section className="stack">
      <h2 className="section-title">{title}</h2>
      <ul className="people">
        {of.map(({ user }) => (
          <li key={user} className="person"><Avatar id={user} name={nameOf(users[user], "?")} size={32} /><span className="person-name" dir="auto">{nameOf(users[user], t("common.unknownPerson"))}</span></li>
        ))}
      </ul>
    </section>
  );
  const read = others.filter(({ readSeq }) => readSeq >= message.seq);
  const delivered = others.filter(({ readSeq, deliveredSeq }) => readSeq < message.seq && deliveredSeq >= message.seq);
  if (message.receiptsOf > 0) {
    const { readBy, deliveredTo, receiptsOf } = message;
    const row = (label: string, number: number) => (
      <div className="stack">
        <p className="receipt-count"><span>{label}</span> <span>{t("timeline.countOf", { number, people: receiptsOf })}</span></p>
        <progress className="progress" max={receiptsOf} value={number} aria-label={label} />
      </div>
    );
    return (
      <Modal title={t("timeline.readers")} onClose={onClose}>
        {row(t("timeline.read"), readBy)}
        {row(t("timeline.delivered"), deliveredTo)}
        <p className="field-hint">{t("timeline.countedText")}</p>
      </Modal>
    );
  }
  return (
    <Modal title={t("timeline.readers")} onClose={onClose}>
      {list(t("timeline.read"), read)}
      {list(t("timeline.delivered"), delivered)}
      {read.length + delivered.length === 0 && <p>{t("timeline.noReaders")}</p>}
      <p className="field-hint">{t("timeline.readersText")}</p>
    </Modal>
  );
}
