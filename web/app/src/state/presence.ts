// Who is online: of those on the screen, and of oneself.
import { useEffect } from "react";
import type { Id, UserPresence } from "@core/types";
import { followAttention } from "../lib/attention";
import { makeWatching } from "../lib/watching";
import { client, remoteClient } from "./engine";
import { keepSoon } from "./kept";
import { useApp } from "./store";

let gone = false;
let end: (() => void) | undefined;

// Without a connection it is told on the next one. That it cannot be told is nothing to trouble anybody with.
function tell(): void {
  const own = !useApp.getState().shown ? "hidden" : gone ? "away" : "online";
  void remoteClient()?.client.setPresence(own).catch(() => undefined);
}

export function followPresence(): void {
  end?.();
  end = followAttention((next) => {
    gone = next;
    tell();
  });
  tell();
}

export async function setShown(shown: boolean): Promise<void> {
  await client().setPresence(!shown ? "hidden" : gone ? "away" : "online");
  useApp.setState({ shown });
  keepSoon();
}

export function presenceChanged({ user, state }: UserPresence): void {
  useApp.setState(({ presence }) => ({ presence: { ...presence, [user]: state } }));
}

const watch = makeWatching((users) => {
  // What is known of others is no longer true as soon as they are not watched.
  useApp.setState(({ presence }) => ({
    presence: Object.fromEntries(Object.entries(presence).filter(([user]) => users.includes(user))),
  }));
  void remoteClient()?.client.watchPresence(users).catch(() => undefined);
});

/** The state of somebody, for as long as it is drawn; "unknown" of nobody. */
export function usePresence(user: Id | undefined): UserPresence["state"] {
  useEffect(() => (user === undefined ? undefined : watch(user)), [user]);
  return useApp((state) => (user === undefined ? undefined : state.presence[user]) ?? "unknown");
}
