// Older messages on their way between two devices of the account.
import type { HistoryTransfer, Id } from "@core/types";
import { client } from "./engine";
import { rereadWindow } from "./refresh";
import { useApp } from "./store";

const set = useApp.setState;

export async function readTransfers(): Promise<void> {
  const transfers = await client().historyTransfers();
  set({ transfers: Object.fromEntries(transfers.map((one) => [one.device, one])) });
}

export function transferChanged(transfer: HistoryTransfer, failure: string): void {
  set(({ transfers, transferFailures }) => ({
    transfers: { ...transfers, [transfer.device]: transfer },
    transferFailures: { ...transferFailures, [transfer.device]: failure },
  }));
}

/** Their places in the history have moved. */
export const olderCame = (conversation: Id): void => void rereadWindow(conversation).catch(() => undefined);

/** Of a group that shares its history with those who come later. */
export const shareHistory = (group: Id, shared: boolean): Promise<void> => client().shareHistory(group, shared);
export const readEarlier = (group: Id): Promise<void> => client().readEarlier(group);

export const requestHistory = (from: Id): Promise<void> => client().requestHistory(from);
export const approveHistory = (to: Id, code: string): Promise<void> => client().approveHistory(to, code);
export const cancelHistory = (device: Id): Promise<void> => client().cancelHistory(device);
