// The picture of a conversation: a person's letters, or the sign of a group, a public or a private channel.
import { Hash, Lock, Users } from "lucide-react";
import type { Overview } from "@core/types";
import { faceOf } from "../lib/names";
import { useApp } from "../state/store";
import { Avatar } from "./basics";
import { Present } from "./presence";

export function Face({ one, name, size = 40 }: { one: Overview; name: string; size?: 24 | 32 | 40 | 64 }) {
  const channel = useApp((state) => state.channels[one.conversation.id]);
  const icon = channel ? (channel.open ? Hash : Lock) : one.conversation.kind === "group" ? Users : undefined;
  return <Avatar id={faceOf(one)} name={name} size={size} icon={icon} />;
}

/** The same with the sign of whether the other person is online. */
export function LiveFace({ one, name }: { one: Overview; name: string }) {
  return (
    <Present user={one.conversation.kind === "group" ? undefined : one.conversation.peer}>
      <Face one={one} name={name} />
    </Present>
  );
}
