// Tells the others while something is being written, and that it no longer is.
import { useEffect, useMemo } from "react";
import type { Id } from "@core/types";
import { client } from "../state/engine";

const kPause = 2000; // between two tellings
const kEnds = 5000; // after the last letter

export function makeTyping(tell: (active: boolean) => void) {
  let told = 0;
  let idle: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(idle);
    if (told > 0) {
      told = 0;
      tell(false);
    }
  };
  const heard = (writing: boolean) => {
    clearTimeout(idle);
    if (!writing) {
      stop();
      return;
    }
    idle = setTimeout(stop, kEnds);
    if (Date.now() - told > kPause) {
      told = Date.now();
      tell(true);
    }
  };
  return { heard, stop };
}

export function useTyping(conversation: Id) {
  const typing = useMemo(() => makeTyping((active) => void client().setTyping(conversation, active).catch(() => undefined)), [conversation]);
  useEffect(() => typing.stop, [typing]);
  return typing;
}
