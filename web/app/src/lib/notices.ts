// Lines about a group in its timeline, as words. Pure.
import type { TFunction } from "i18next";
import type { Id, Message, Notice } from "@core/types";

export const kNobody: Id = "00000000-0000-0000-0000-000000000000"; // who did it is not known

/** What a line says: of some that follow each other, when they tell the same of different people. */
export interface NoticeLine extends Notice {
  by: Id;
}

const kNamed = 3; // people; of more their number is told

/** Whether the second is told in the line of the first. */
export function tellsTheSame(first: Message, second: Message): boolean {
  const [a, b] = [first.notice?.kind, second.notice?.kind];
  return a !== undefined && a === b && (a === "joined" || a === "left" || a === "gone" ||
    ((a === "added" || a === "removed") && first.senderUser === second.senderUser));
}

export function noticeLine(messages: readonly Message[]): NoticeLine {
  const { notice, senderUser } = messages[0]!;
  return {
    ...notice!,
    by: senderUser,
    users: [...new Set(messages.flatMap((message) => message.notice?.users ?? []))],
    others: messages.reduce((sum, message) => sum + (message.notice?.others ?? 0), 0),
  };
}

interface Words {
  t: TFunction;
  language: string;
  me: Id;
  nameOf(user: Id): string;
}

/** Everybody who is named, when the line itself tells their number only. */
export function namesOf(line: NoticeLine, { t, language, nameOf }: Words): string | undefined {
  if (line.users.length + line.others <= kNamed) {
    return undefined;
  }
  const others = line.others > 0 ? [t("groupLines.others", { count: line.others })] : [];
  return new Intl.ListFormat(language).format([...line.users.map(nameOf), ...others]);
}

export function noticeText(line: NoticeLine, words: Words): string {
  const { t, language, me, nameOf } = words;
  const count = line.users.length + line.others;
  const mine = line.by === me ? "Me" : "";
  const by = nameOf(line.by);
  const meAlone = count === 1 && line.users[0] === me;
  const people = count > kNamed ? t("groupLines.people", { count }) : new Intl.ListFormat(language).format(line.users.map(nameOf));
  switch (line.kind) {
    case "added":
    case "removed":
      return meAlone ? t(`groupLines.${line.kind}You`, { by }) : t(`groupLines.${line.kind}${mine}`, { by, people });
    case "joined":
    case "left":
    case "gone":
      return meAlone ? t(`groupLines.${line.kind}Me`) : t(`groupLines.${line.kind}`, { people, count });
    case "renamed":
      return line.by === kNobody ? t("groupLines.named", { name: line.name }) : t(`groupLines.renamed${mine}`, { by, name: line.name });
    case "history_shared":
      return t(`groupLines.shared${mine}`, { by });
    case "history_unshared":
      return t(`groupLines.unshared${mine}`, { by });
  }
}
