// An emoji with a picture, in the line that it stands in; its name until the picture is there, and where there is none.
import { useEffect, useState, useSyncExternalStore } from "react";
import type { Attachment, Id, MessageRef } from "@core/types";
import { emojiUrl } from "../state/emoji";
import { usePreferences } from "../state/preferences";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const watchCalm = (tell: () => void) => {
  calm.addEventListener("change", tell);
  return () => calm.removeEventListener("change", tell);
};

export function EmojiPicture({ conversation, of, name, picture, large = false }: {
  conversation: Id;
  /** The message that shows it; else it is one of the conversation's. */
  of?: MessageRef;
  name: string;
  picture: Attachment;
  large?: boolean;
}) {
  const reduced = useSyncExternalStore(watchCalm, () => calm.matches);
  const still = usePreferences((state) => !state.animate) || reduced;
  const [shown, setShown] = useState<{ url?: string; failed?: boolean }>({});
  useEffect(() => {
    let wanted = true;
    emojiUrl(conversation, of, picture.fileId, still).then((url) => wanted && setShown({ url }), () => wanted && setShown({ failed: true }));
    return () => {
      wanted = false;
    };
  }, [conversation, of, picture.fileId, still]);
  const word = `:${name}:`;
  const look = `custom-emoji ${large ? "custom-emoji-large" : ""}`;
  if (shown.failed) {
    return <>{word}</>;
  }
  // Its room is kept from the start: nothing moves when it comes.
  return shown.url ? <img className={look} src={shown.url} alt={word} title={word} draggable={false} /> : <span className={look} role="img" aria-label={word} />;
}
