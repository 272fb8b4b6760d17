// Whether the person is at this page: what "away" is decided by.

const kIdle = 5 * 60_000; // without a key, a click or a touch
const kHidden = 60_000; // with the page out of sight
const kHeard = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;

/** Tells when the person goes and when they come back; `gone` is false at first. */
export function makeAttention(tell: (gone: boolean) => void, idle = kIdle, hidden = kHidden) {
  let gone = false;
  let out = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const become = (next: boolean) => {
    if (gone !== next) {
      gone = next;
      tell(gone);
    }
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => become(true), out ? hidden : idle);
  };
  return {
    heard: () => {
      if (!out) {
        become(false);
        wait();
      }
    },
    seen: (visible: boolean) => {
      out = !visible;
      if (visible) {
        become(false);
      }
      wait();
    },
    stop: () => clearTimeout(timer),
  };
}

/** The same for this page; answers how to end it. */
export function followAttention(tell: (gone: boolean) => void): () => void {
  const attention = makeAttention(tell);
  let last = 0;
  const heard = () => {
    // Pointers move all the time.
    if (Date.now() - last > 1000) {
      last = Date.now();
      attention.heard();
    }
  };
  const seen = () => attention.seen(document.visibilityState === "visible");
  for (const type of kHeard) {
    addEventListener(type, heard, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", seen);
  seen();
  return () => {
    attention.stop();
    for (const type of kHeard) {
      removeEventListener(type, heard, { capture: true });
    }
    document.removeEventListener("visibilitychange", seen);
  };
}
