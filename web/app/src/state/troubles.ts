// What the server refused, of which no field on the screen can tell.
import { CoreError } from "@core/types";
import { create } from "zustand";

export type What = "reaction" | "edit" | "copy" | "open" | "discard";

/** The newest: until it is put away. */
export const useTrouble = create<{ trouble: { what: What; error: unknown } | null }>(() => ({ trouble: null }));
export const forgetTrouble = () => useTrouble.setState({ trouble: null });

/** Without an answer nothing is refused: it is queued, and goes out when the connection is back. */
export const isUnanswered = (error: unknown): boolean => error instanceof CoreError && error.code === "client.timed_out";

/** Tells when the work is refused; never rejects. */
export async function telling(what: What, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    tellTrouble(what, error);
  }
}
export function tellTrouble(what: What, error: unknown): void {
  if (!isUnanswered(error)) {
    useTrouble.setState({ trouble: { what, error } });
  }
}
