// Notifications of the system, for messages that come while the page is not seen.
import type { Id, Message, User } from "@core/types";
import i18next from "i18next";
import { isQuiet, usePreferences } from "../state/preferences";
import type { Level } from "../state/kept";
import { nameOf } from "./names";
import { summaryOf } from "./summary";

export function notifyAbout(message: Message, sender: User | undefined, level: Level, me: Id): void {
  const { notify, preview, quietFrom, quietTo } = usePreferences.getState();
  const mentioned = message.mentionsEveryone || message.mentions.includes(me);
  if (level === "none" || (level === "mentions" && !mentioned)) {
    return;
  }
  if (!notify || document.visibilityState === "visible" || Notification.permission !== "granted" ||
      isQuiet(quietFrom, quietTo, new Date())) {
    return;
  }
  const title = nameOf(sender, i18next.t("common.unknownPerson"));
  const path = `/c/${message.conversation}`;
  const options = {
    body: preview ? summaryOf(message, i18next.t).slice(0, 200) : i18next.t("list.unread", { count: 1 }),
    tag: message.conversation, // one for each conversation, the newest
    icon: "/icon.svg",
    data: { path },
  };
  void navigator.serviceWorker?.getRegistration().then((registration) => registration?.showNotification(title, options));
}

export async function allowNotifications(): Promise<boolean> {
  return "Notification" in globalThis && (await Notification.requestPermission()) === "granted";
}
