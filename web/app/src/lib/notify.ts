// Notifications of the system, for messages that come while the page is not seen.
import type { Id, Message, Overview, User } from "@core/types";
import i18next from "i18next";
import { isQuiet, usePreferences } from "../state/preferences";
import type { Level } from "../state/kept";
import { threadPath } from "./links";
import { nameOf, titleOf } from "./names";
import { summaryOf } from "./summary";

export interface Arrival {
  message: Message;
  sender: User | undefined;
  /** Where it stands; nothing when that is not listed yet. */
  place: Overview | undefined;
  level: Level;
  me: Id;
  /** Of a reply: whether its thread is followed here. */
  following?: boolean;
}

const isMentioned = ({ mentionsEveryone, mentions }: Message, me: Id): boolean => mentionsEveryone || mentions.includes(me);

/** Whether the person wants to hear of it: by the rule of the conversation and, of a reply, of the thread. A mention counts in both. */
export function isWanted({ message, level, me, following }: Arrival): boolean {
  if (level === "none") {
    return false;
  }
  return isMentioned(message, me) || (level === "all" && (message.threadRoot === undefined || following === true));
}

export function notifyAbout(arrival: Arrival): void {
  const { message, sender, place } = arrival;
  const { notify, preview, quietFrom, quietTo } = usePreferences.getState();
  if (!isWanted(arrival) || !notify || document.visibilityState === "visible" || Notification.permission !== "granted" ||
      isQuiet(quietFrom, quietTo, new Date())) {
    return;
  }
  const { t } = i18next;
  const name = nameOf(sender, t("common.unknownPerson"));
  // In a conversation of two the sender is the place.
  const title = place?.conversation.kind === "group" ? t("list.notifyTitle", { name, place: titleOf(place, t) }) : name;
  const options = {
    body: preview ? summaryOf(message, t).slice(0, 200) : t("list.unread", { count: 1 }),
    tag: message.conversation, // one for each conversation, the newest
    icon: "/icon.svg",
    data: { path: message.threadRoot ? threadPath(message.conversation, message.threadRoot) : `/c/${message.conversation}` },
  };
  void navigator.serviceWorker?.getRegistration().then((registration) => registration?.showNotification(title, options));
}

export async function allowNotifications(): Promise<boolean> {
  return "Notification" in globalThis && (await Notification.requestPermission()) === "granted";
}
