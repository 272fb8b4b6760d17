// A message of somebody else that has just come: whether the system tells of it.
import type { Message } from "@core/types";
import { notifyAbout } from "../lib/notify";
import { client } from "./engine";
import { learn } from "./refresh";
import { useApp } from "./store";

// The engine knows when the reply is noted; a root that is not here is not followed.
async function isFollowed({ conversation, threadRoot }: Message): Promise<boolean> {
  const root = threadRoot && (await client().message(conversation, threadRoot).catch(() => null));
  return root ? (root.thread?.following ?? false) : false;
}

export async function arrived(message: Message): Promise<void> {
  const me = useApp.getState().account?.user ?? "";
  if (message.senderUser === me) {
    return;
  }
  const [following] = await Promise.all([isFollowed(message), learn([message.senderUser]).catch(() => undefined)]);
  const { users, levels, overview } = useApp.getState();
  notifyAbout({
    message, sender: users[message.senderUser], place: overview.find(({ conversation }) => conversation.id === message.conversation),
    level: levels[message.conversation] ?? "all", me, following,
  });
}
