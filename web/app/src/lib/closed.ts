import { ChannelPermission, type Conversation } from "@core/types";
import { useApp } from "../state/store";

export type Closed = "left" | "archived" | "announcements" | "mayNotPost";

/** Why nothing can be written in it, if so; its threads are as closed as itself. */
export function useClosed(conversation: Conversation | undefined): Closed | undefined {
  const channel = useApp(({ channels }) => (conversation ? channels[conversation.id] : undefined));
  if (conversation?.state === "left" || conversation?.state === "removed") {
    return "left";
  }
  return channel?.archived ? "archived" : !channel || (channel.permissions & ChannelPermission.post) !== 0 ? undefined
    : channel.announcements ? "announcements" : "mayNotPost";
}
