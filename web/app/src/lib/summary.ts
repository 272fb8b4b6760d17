import type { TFunction } from "i18next";
import type { Message } from "@core/types";
import { plainText } from "./markdown";

/** A message in one line, for lists and notifications. */
export function summaryOf(message: Message, t: TFunction): string {
  if (message.state === "unreadable") {
    return t("list.unreadable");
  }
  if (message.deleted) {
    return t("timeline.deleted");
  }
  if (message.bringsEmoji !== undefined) {
    return t("emoji.brought", { name: `:${message.bringsEmoji}:` });
  }
  const [file] = message.attachments ?? [];
  return plainText(message.text) || (file ? t("files.preview", { name: file.name }) : "");
}
