// Which dialog is open: one at a time, from anywhere.
import { create } from "zustand";
import type { Id, Message } from "@core/types";

export type Panel =
  | { name: "palette" | "newConversation" | "invite" | "shortcuts" | "signOut" }
  | { name: "newChannel" | "newSpace"; space?: Id | undefined }
  | { name: "spaceSettings"; space: Id }
  | { name: "react" | "readers" | "delete" | "texts"; message: Message }
  | { name: "day" | "followThreads" | "emoji"; conversation: Id }
  | { name: "picture" | "media"; message: Message; index: number }
  | { name: "verify"; user: Id }
  | { name: "members" | "leave" | "reset" | "groupSettings"; group: Id };

export const usePanels = create<{ panel: Panel | null }>(() => ({ panel: null }));
export const openPanel = (panel: Panel) => usePanels.setState({ panel });
export const closePanel = () => usePanels.setState({ panel: null });
