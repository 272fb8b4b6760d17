// What a message answers: in the timeline above it, at the composer before it is sent.
import { CornerUpLeft, X } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Id, Message, MessageRef } from "@core/types";
import { messagePath, threadPath } from "../lib/links";
import { nameOf } from "../lib/names";
import { summaryOf } from "../lib/summary";
import { endReply } from "../state/composing";
import { client } from "../state/engine";
import { useApp } from "../state/store";

function useNameOf(id: Id | undefined): string {
  const { t } = useTranslation();
  const user = useApp((state) => (id === undefined ? undefined : state.users[id]));
  const account = useApp((state) => state.account);
  return id === account?.user ? account?.username ?? "" : nameOf(user, t("common.unknownPerson"));
}

/** Undefined while it is looked up, null when this device does not have it. */
function useQuoted(conversation: Id, ref: MessageRef): Message | null | undefined {
  const shown = useApp((state) => state.windows[conversation]?.messages.find((message) => message.ref === ref));
  const [found, setFound] = useState<Message | null>();
  useEffect(() => {
    if (!shown) {
      void client().message(conversation, ref).then(setFound, () => setFound(null));
    }
  }, [conversation, ref, shown]);
  return shown ?? found;
}

export function Quotation({ message }: { message: Message }) {
  const { t } = useTranslation();
  const quoted = useQuoted(message.conversation, message.replyTo!);
  const name = useNameOf(quoted?.senderUser);
  if (!quoted) {
    return <p className="quotation"><CornerUpLeft size={14} aria-hidden /> {quoted === null ? t("timeline.quotedMissing") : ""}</p>;
  }
  const path = quoted.threadRoot ? threadPath(quoted.conversation, quoted.threadRoot) : messagePath(quoted.conversation, quoted.ref);
  return (
    <Link href={path} className="quotation">
      <CornerUpLeft size={14} aria-hidden /> <span className="visually-hidden">{t("timeline.quoted")}</span> <strong><bdi>{name}</bdi></strong> <span className="quotation-text" dir="auto">{summaryOf(quoted, t)}</span>
    </Link>
  );
}

export function Replying({ message, place }: { message: Message; place: string }) {
  const { t } = useTranslation();
  const name = useNameOf(message.senderUser);
  return (
    <div className="composer-editing">
      <p className="quotation"><CornerUpLeft size={14} aria-hidden /> <strong><bdi>{name}</bdi></strong> <span className="quotation-text" dir="auto">{summaryOf(message, t)}</span></p>
      <button type="button" className="icon-button" aria-label={t("common.cancel")} onClick={() => endReply(place)}><X size={16} aria-hidden /></button>
    </div>
  );
}
