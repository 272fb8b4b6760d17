// What the shortcuts of the whole application do.
import { useEffect } from "react";
import { useLocation } from "wouter";
import { kShortcuts, neighbour, type ShortcutName } from "../lib/shortcuts";
import { closePanel, openPanel, usePanels } from "../state/panels";
import { useApp } from "../state/store";
import { badgeOf } from "../state/timeline";

/** The message that the keys begin with: the newest, in the thread if one is open. */
function toMessages(): void {
  const messages = document.querySelectorAll<HTMLElement>(".thread .message");
  const list = messages.length > 0 ? messages : document.querySelectorAll<HTMLElement>(".timeline .message");
  list[list.length - 1]?.focus();
}

/** A button of the field for messages that is written in, or of the one in the conversation. */
const press = (button: string) => {
  const form = document.activeElement?.closest(".composer") ?? document.querySelector(".composer");
  form?.querySelector<HTMLElement>(button)?.click();
};

function showDetails(path: string): void {
  const { overview } = useApp.getState();
  const one = overview.find(({ conversation }) => path.startsWith(`/c/${conversation.id}`));
  if (one?.conversation.kind === "group") {
    openPanel({ name: "members", group: one.conversation.id });
  } else if (one?.peer) {
    openPanel({ name: "verify", user: one.peer.id });
  }
}

function jumpToDay(path: string): void {
  const conversation = /^\/c\/([^/]+)/.exec(path)?.[1];
  if (conversation) {
    openPanel({ name: "day", conversation });
  }
}

/** A letter that is typed where nothing takes it is meant for the message. */
function isForField({ key, ctrlKey, metaKey, altKey, target, defaultPrevented, isComposing }: KeyboardEvent): boolean {
  const at = target as HTMLElement;
  return [...key].length === 1 && key !== " " && !ctrlKey && !metaKey && !altKey && !defaultPrevented && !isComposing &&
    (at === document.body || at.id === "main" || at.matches(".message[data-pointed]")) && !document.querySelector("[role=dialog], [role=menu]");
}

export function useShortcuts(): void {
  const [path, navigate] = useLocation();
  useEffect(() => {
    const step = (direction: 1 | -1, unread = false) => {
      const { overview, levels, marked } = useApp.getState();
      const wanted = unread
        ? overview.filter(({ conversation }) => badgeOf(conversation, levels[conversation.id] ?? "all", marked[conversation.id] !== undefined) > 0)
        : overview;
      const paths = wanted.map(({ conversation }) => `/c/${conversation.id}`);
      const next = neighbour(paths, paths.find((one) => path.startsWith(one)), direction);
      if (next) {
        navigate(next);
      }
    };
    const run: Record<ShortcutName, () => void> = {
      palette: () => openPanel({ name: "palette" }),
      newConversation: () => openPanel({ name: "newConversation" }),
      search: () => document.getElementById("conversation-search")?.focus(),
      searchMessages: () => navigate("/search"),
      channels: () => navigate("/channels"),
      threads: () => navigate("/threads"),
      next: () => step(1),
      previous: () => step(-1),
      nextUnread: () => step(1, true),
      previousUnread: () => step(-1, true),
      settings: () => navigate("/settings"),
      help: () => openPanel({ name: "shortcuts" }),
      details: () => showDetails(path),
      day: () => jumpToDay(path),
      attach: () => press(".attach"),
      emoji: () => press(".pick-emoji"),
      toMessages,
    };
    const onKey = (event: KeyboardEvent) => {
      if (!event.isTrusted) {
        return; // a list hands each key on to its active row, and this one comes once more
      }
      if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("[role=dialog], [role=menu]")) {
        document.querySelector<HTMLElement>(".composer textarea")?.focus();
      }
      const shortcut = kShortcuts.find(({ matches }) => matches(event));
      if (!shortcut) {
        if (isForField(event)) {
          document.querySelector<HTMLElement>(".composer textarea")?.focus();
        }
        return;
      }
      event.preventDefault();
      // The palette's key closes it, too; behind another dialog nothing is done.
      const open = usePanels.getState().panel;
      if (shortcut.name === "palette" && open?.name === "palette") {
        closePanel();
      } else if (shortcut.name === "palette" || !document.querySelector("[role=dialog]")) {
        run[shortcut.name]();
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [path, navigate]);

  // A notification was clicked.
  useEffect(() => {
    const onMessage = ({ data }: MessageEvent<{ navigate?: string }>) => data.navigate && navigate(data.navigate);
    navigator.serviceWorker?.addEventListener("message", onMessage);
    return () => navigator.serviceWorker?.removeEventListener("message", onMessage);
  }, [navigate]);
}
