// A line about a group: who came, who went, what it is called. Quiet, and one line for many that tell the same.
import type { Id, Message, User } from "@core/types";
import { useTranslation } from "react-i18next";
import { nameOf } from "../lib/names";
import { namesOf, noticeLine, noticeText } from "../lib/notices";
import { clockOf } from "../lib/dates";
import { useApp } from "../state/store";
import { timeOf } from "../state/timeline";

const kNoUsers: Record<Id, User> = {};

// Whoever has nothing to say is not drawn anew with every name that is learnt.
function useWords(needed: boolean) {
  const { t, i18n } = useTranslation();
  const users = useApp((state) => (needed ? state.users : kNoUsers));
  const account = useApp((state) => state.account);
  const me = account?.user ?? "";
  return {
    t, language: i18n.language, me,
    nameOf: (user: string) => (user === me ? account?.username ?? "" : nameOf(users[user], t("common.unknownPerson"))),
  };
}

/** Empty without notices. */
export function useNoticeText(messages: readonly Message[]): string {
  const words = useWords(messages.length > 0);
  return messages.length > 0 ? noticeText(noticeLine(messages), words) : "";
}

export function NoticeView({ messages }: { messages: readonly Message[] }) {
  const words = useWords(true);
  const line = noticeLine(messages);
  const text = noticeText(line, words);
  const names = namesOf(line, words);
  const at = timeOf(messages.at(-1)!);
  return (
    <div className="notice" data-kind={line.kind}>
      {names ? (
        <details>
          <summary><bdi>{text}</bdi></summary>
          <p><bdi>{names}</bdi></p>
        </details>
      ) : (
        <p><bdi>{text}</bdi></p>
      )}
      <time className="visually-hidden" dateTime={new Date(at / 1000).toISOString()}>{clockOf(at, words.language)}</time>
    </div>
  );
}
