// One message: its words, what was done to it, and how far it has come.
import { Ban, Check, CheckCheck, Clock, MessageSquareReply, Trash2, TriangleAlert } from "lucide-react";
import { memo, useMemo, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import type { Imported, Message } from "@core/types";
import { Avatar } from "../ui/basics";
import { EmojiPicture } from "../ui/emoji-picture";
import { Markdown } from "../ui/markdown";
import { clockOf, fullDateOf } from "../lib/dates";
import { threadPath } from "../lib/links";
import { nameOf } from "../lib/names";
import { messageKey } from "../lib/shortcuts";
import { openPanel } from "../state/panels";
import { react } from "../state/conversations";
import { useReceiptCounts } from "../state/receipt-counts";
import { useApp } from "../state/store";
import { timeOf } from "../state/timeline";
import { telling } from "../state/troubles";
import { Attachments } from "./attachments";
import { FailedView } from "./failed";
import { actionsOf, isEditableNow } from "./message-actions";
import { MessageMenu } from "./message-menu";
import { Quotation } from "./quotation";

export const MessageView = memo(function MessageView({ message, first, own, inThread = false, focused = false }: {
  message: Message;
  first: boolean;
  own: boolean;
  inThread?: boolean;
  focused?: boolean;
}) {
  const { t, i18n } = useTranslation();
  const sender = useApp((state) => state.users[message.senderUser]);
  const account = useApp((state) => state.account);
  const name = own ? (account?.username ?? "") : nameOf(sender, t("common.unknownPerson"));
  const at = timeOf(message);
  const clock = clockOf(at, i18n.language);
  const me = account?.user ?? "";
  const forMe = message.senderUser !== me && (message.mentionsEveryone || message.mentions.includes(me));
  const [, navigate] = useLocation();
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget) {
      return; // its buttons and links have keys of their own
    }
    const { key, currentTarget } = event;
    // Who has clicked on it is about to write somewhere, not to do something with it.
    const name = currentTarget.dataset.pointed === undefined ? messageKey(event) : undefined;
    const chosen = name && actionsOf(message, { own, inThread, editable: isEditableNow(message), navigate }).find((action) => action.name === name);
    if (key === "Enter") {
      event.preventDefault();
      openMenuOf(currentTarget);
    } else if ((key === "ArrowUp" || key === "ArrowDown") && !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      neighbourOf(currentTarget, key === "ArrowUp" ? -1 : 1)?.focus();
    } else if (chosen) {
      event.preventDefault();
      chosen.run();
    }
  };
  return (
    <article className={`message ${first ? "message-first" : ""}`} data-state={message.state} data-mention={forMe || undefined}
      data-focused={focused || undefined} tabIndex={-1} onKeyDown={onKeyDown} onMouseDown={pointed} onBlur={left} aria-label={`${name}, ${clock}`}>
      {first ? <Avatar id={message.senderUser} name={name} /> : <time className="message-side-time" aria-hidden>{clock}</time>}
      <div className="message-content">
        {first && (
          <header className="message-head">
            <span className="message-name" dir="auto">{name}</span>
            <time dateTime={new Date(at / 1000).toISOString()} title={fullDateOf(at, i18n.language)}>{clock}</time>
          </header>
        )}
        <Body message={message} name={name} />
        {own && message.state === "failed" && <FailedView message={message} />}
        {message.unreadBy > 0 && <p className="message-note"><TriangleAlert size={14} aria-hidden /> {t("timeline.unreadBy", { count: message.unreadBy })}</p>}
        {message.reactions.length > 0 && <Reactions message={message} me={me} />}
        {message.imported && message.imported.reactions.length > 0 && <ImportedReactions imported={message.imported} />}
        {!inThread && message.thread && <ThreadLine message={message} />}
      </div>
      {own && <State message={message} />}
      {message.state !== "unreadable" && !message.deleted && <MessageMenu message={message} own={own} inThread={inThread} />}
    </article>
  );
});

// By the mouse it is no more than the place that was clicked on; browsers count it as reached by a key with the first key.
const pointed = ({ currentTarget }: { currentTarget: HTMLElement }) => void (currentTarget.dataset.pointed = "");
const left = ({ currentTarget }: { currentTarget: HTMLElement }) => void delete currentTarget.dataset.pointed;

/** The menu's machinery is made when its button is first reached. */
function openMenuOf(message: HTMLElement): void {
  const button = () => message.querySelector<HTMLElement>(".message-menu");
  button()?.focus();
  requestAnimationFrame(() => {
    button()?.focus();
    button()?.click();
  });
}

/** Among those that the list has drawn; it draws some beyond its ends. */
function neighbourOf(message: HTMLElement, step: 1 | -1): HTMLElement | undefined {
  const all = [...(message.closest("[role=log]")?.querySelectorAll<HTMLElement>(".message") ?? [])];
  return all[all.indexOf(message) + step];
}

function Body({ message, name }: { message: Message; name: string }) {
  const { t, i18n } = useTranslation();
  if (message.state === "unreadable") {
    return <Unreadable message={message} name={name} />;
  }
  if (message.deleted) {
    return <Tombstone message={message} />;
  }
  return (
    <>
      {message.imported && <Origin imported={message.imported} />}
      {message.replyTo && <Quotation message={message} />}
      {(message.text !== "" || message.edits > 0) && (
        <div className="message-text">
          <Mentioning message={message} />
          {message.edits > 0 && (
            <span className="edited" title={message.editedAt === null ? undefined : fullDateOf(message.editedAt, i18n.language)}>{t("timeline.edited")}</span>
          )}
        </div>
      )}
      {message.bringsEmoji !== undefined && <Brought message={message} name={message.bringsEmoji} />}
      {(message.attachments?.length ?? 0) > 0 && message.bringsEmoji === undefined && <Attachments message={message} />}
    </>
  );
}

function Tombstone({ message: { deletedBy } }: { message: Message }) {
  const { t } = useTranslation();
  const by = useApp((state) => (deletedBy === undefined ? undefined : state.users[deletedBy]));
  const mine = useApp((state) => state.account?.user === deletedBy);
  return (
    <p className="tombstone">
      <Trash2 size={14} aria-hidden /> {deletedBy === undefined ? t("timeline.deleted") : mine ? t("timeline.deletedByMe") : t("timeline.deletedBy", { name: nameOf(by, t("common.unknownPerson")) })}
    </p>
  );
}

/** An emoji that everybody here may use from now on. */
function Brought({ message, name }: { message: Message; name: string }) {
  const { t } = useTranslation();
  const picture = message.attachments?.[0];
  return (
    <p className="message-brought">
      {picture && <EmojiPicture conversation={message.conversation} of={message.ref} name={name} picture={picture} large />}
      <span>{t("emoji.brought", { name: `:${name}:` })}</span>
    </p>
  );
}

function Mentioning({ message }: { message: Message }) {
  const names = useApp((state) => message.mentions.map((id) => id === state.account?.user ? state.account.username : (state.users[id]?.username ?? "")).join(" "));
  const drawn = useMemo(() => message.emoji && new Map(message.emoji.map(({ name, picture }) =>
    [name, <EmojiPicture conversation={message.conversation} of={message.ref} name={name} picture={picture} />])), [message]);
  return <Markdown text={message.text} names={message.mentionsEveryone ? `${names} all` : names} emoji={drawn} />;
}

function Reactions({ message, me }: { message: Message; me: string }) {
  const { t } = useTranslation();
  const users = useApp((state) => state.users);
  return (
    <ul className="reactions" aria-label={t("timeline.reactions")}>
      {message.reactions.map(({ emoji, users: who, picture }) => {
        const names = who.map((id) => (id === me ? t("common.you") : nameOf(users[id], t("common.unknownPerson")))).join(", ");
        return (
          <li key={`${emoji} ${picture?.fileId ?? ""}`}>
            <button type="button" className="reaction" aria-pressed={who.includes(me)} title={names}
              aria-label={t("timeline.reactedBy", { emoji, number: who.length, names })} onClick={() => void telling("reaction", react(message, emoji, picture?.fileId))}>
              <span aria-hidden>{picture ? <EmojiPicture conversation={message.conversation} of={message.ref} name={emoji.slice(1, -1)} picture={picture} /> : emoji}</span> <span aria-hidden>{who.length}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** Who wrote it in the other system: only the sender above says so. */
function Origin({ imported }: { imported: Imported }) {
  const { t, i18n } = useTranslation();
  const date = imported.writtenAt === null ? "" : fullDateOf(imported.writtenAt, i18n.language);
  return <p className="message-origin" dir="auto">{t("timeline.imported", { author: imported.author, system: imported.system, date })}</p>;
}

/** What was said there stays as it is: nobody here can take it back. */
function ImportedReactions({ imported }: { imported: Imported }) {
  const { t } = useTranslation();
  return (
    <ul className="reactions" aria-label={t("timeline.importedReactions", { system: imported.system })}>
      {imported.reactions.map(({ emoji, names }) => (
        <li key={emoji}>
          <span className="reaction reaction-imported" role="img" title={names.join(", ")}
            aria-label={t("timeline.reactedBy", { emoji, number: names.length, names: names.join(", ") })}>
            <span aria-hidden>{emoji}</span> <span aria-hidden>{names.length}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function ThreadLine({ message }: { message: Message }) {
  const { t } = useTranslation();
  const users = useApp((state) => state.users);
  const me = useApp((state) => state.account);
  const { replies, unread, participants } = message.thread!;
  return (
    <Link href={threadPath(message.conversation, message.ref)} className="thread-line" data-unread={unread > 0 || undefined}>
      <span className="faces" aria-hidden>
        {participants.slice(0, 3).map((id) => <Avatar key={id} id={id} name={id === me?.user ? me.username : nameOf(users[id], "?")} size={24} />)}
      </span>
      <MessageSquareReply size={14} aria-hidden /> {t("threads.replies", { count: replies })}
      {unread > 0 && <span className="badge">{t("threads.unread", { count: unread })}</span>}
    </Link>
  );
}

function Unreadable({ message, name }: { message: Message; name: string }) {
  const { t } = useTranslation();
  const key = `unreadable.${message.reason ?? ""}`;
  return (
    <div className="unreadable">
      <Ban size={16} aria-hidden />
      <div>
        <strong>{t("unreadable.title")}</strong>
        <p>{t(key, { name, defaultValue: message.explanation ?? "" })}</p>
      </div>
    </div>
  );
}

const kStates = { queued: Clock, blocked: TriangleAlert, sent: Check, delivered: CheckCheck, read: CheckCheck, failed: TriangleAlert } as const;

function State({ message }: { message: Message }) {
  const { t } = useTranslation();
  useReceiptCounts(message);
  const state = message.state !== "sent" ? message.state : message.readBy > 0 ? "read" : message.deliveredTo > 0 ? "delivered" : "sent";
  const Icon = kStates[state as keyof typeof kStates];
  if (!Icon || message.deleted) {
    return null;
  }
  const { readBy, deliveredTo, receiptsOf } = message;
  const label = receiptsOf > 0 ? t("timeline.counted", { read: readBy, delivered: deliveredTo, people: receiptsOf }) : t(`timeline.${state}`);
  const picture = <Icon size={14} role="img" aria-label={label} />;
  return (
    <span className={`message-state message-state-${state}`} title={label}>
      {state === "read" || state === "delivered"
        ? <button type="button" className="receipt" onClick={() => openPanel({ name: "readers", message })}>{picture}</button> : picture}
    </span>
  );
}
