// The one client of this page.
import { CoreError, type RemoteClient } from "@core/index";

let remote: RemoteClient | undefined;

export const remoteClient = () => remote;
export function setRemote(next: RemoteClient | undefined): void {
  remote = next;
}
/** Throws when no store is open. */
export function client(): RemoteClient["client"] {
  if (!remote) {
    throw new CoreError("client.not_open", "conflict", "not open");
  }
  return remote.client;
}
