import type { Id, MessageRef } from "@core/types";

export const conversationPath = (conversation: Id): string => `/c/${conversation}`;
export const spacePath = (space: Id): string => `/spaces/${space}`;
export const messagePath = (conversation: Id, ref: MessageRef): string => `/c/${conversation}/m/${ref}`;
export const threadPath = (conversation: Id, root: MessageRef): string => `/c/${conversation}/t/${root}`;

const kId = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const kPart = new RegExp(`^([mt])/(${kId}/${kId})$`);

/** What stands behind the conversation in its address; nothing when it makes no sense. */
export function partOf(rest: string | undefined): { message?: MessageRef; thread?: MessageRef } {
  const [, kind, ref] = kPart.exec(rest ?? "") ?? [];
  return ref === undefined ? {} : kind === "m" ? { message: ref } : { thread: ref };
}
