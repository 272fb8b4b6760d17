// Which message a composer is changing, and which it answers.
import type { Message, MessageRef } from "@core/types";
import { create } from "zustand";

/** Names a composer, and its draft: of a conversation, or of a thread in it. */
export const placeOf = (conversation: string, root?: MessageRef): string => (root ? `${conversation}/${root}` : conversation);

type ByPlace<Of = Message> = Record<string, Of>;
/** `kept`: its text is no longer the message's, but what was typed for it. */
type Edited = Message & { kept?: boolean };
export const useComposing = create<{ editing: ByPlace<Edited>; replying: ByPlace }>(() => ({ editing: {}, replying: {} }));

const without = <Of>(messages: ByPlace<Of>, place: string): ByPlace<Of> => {
  const { [place]: _, ...others } = messages;
  return others;
};

export function beginEdit(message: Message): void {
  const place = placeOf(message.conversation, message.threadRoot);
  useComposing.setState(({ editing, replying }) => ({ editing: { ...editing, [place]: message }, replying: without(replying, place) }));
}
/** What has been typed for it: it is there again when its place is. */
export function keepEdit(place: string, text: string): void {
  useComposing.setState(({ editing }) => {
    const message = editing[place];
    return message ? { editing: { ...editing, [place]: { ...message, text, kept: true } } } : {};
  });
}
export const isEditing = (place: string, ref: MessageRef): boolean => useComposing.getState().editing[place]?.ref === ref;
export const endEdit = (place: string) => useComposing.setState(({ editing }) => ({ editing: without(editing, place) }));

/** `place`: where the answer is written. */
export function beginReply(message: Message, place: string): void {
  useComposing.setState(({ editing, replying }) => ({ replying: { ...replying, [place]: message }, editing: without(editing, place) }));
}
export const endReply = (place: string) => useComposing.setState(({ replying }) => ({ replying: without(replying, place) }));
