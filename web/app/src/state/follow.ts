// Which threads are followed by themselves: kept by the engine, the same on all of one's devices.
import type { AutoFollow, Id } from "@core/types";
import { client } from "./engine";
import { refreshSoon } from "./refresh";
import { useApp } from "./store";

/** Reads the rule of a conversation, or of all others, again. */
export async function readAutoFollow(conversation: Id | "" = ""): Promise<void> {
  const rule = await client().autoFollow(conversation === "" ? undefined : conversation);
  useApp.setState(({ autoFollow }) => {
    const { [conversation]: _, ...others } = autoFollow;
    return { autoFollow: rule === null ? others : { ...others, [conversation]: rule } };
  });
  refreshSoon(); // what is counted as unread
}

/** Null: the conversation follows the rule of all others again. */
export async function setAutoFollow(rule: AutoFollow | null, conversation?: Id): Promise<void> {
  await client().setAutoFollow(rule, conversation);
  await readAutoFollow(conversation);
}
