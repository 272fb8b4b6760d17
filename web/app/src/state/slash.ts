// Carries out what a text with a slash says.
import type { Overview } from "@core/types";
import { startOfDay } from "../lib/dates";
import type { SlashName } from "../lib/slash";
import { act, jumpToTime } from "./conversations";
import { setLevel, type Level } from "./kept";
import { openPanel } from "./panels";
import { describePlace } from "./places";

const kLevelOf: Partial<Record<SlashName, Level>> = { mute: "none", mentions: "mentions", unmute: "all" };

/** What is to be sent instead, if anything; "badDay" is the key of a problem. */
export async function runSlash(name: SlashName, words: string, { conversation }: Overview, navigate: (path: string) => void): Promise<{ text?: string; problem?: "badDay" }> {
  const { id } = conversation;
  switch (name) {
    case "invite":
      await act((of) => of.addToGroup(id, words.split(/[\s,]+/).map((one) => one.replace(/^@/, "")).filter(Boolean)));
      return {};
    case "topic":
      await act((of) => of.describeGroup(id, words, conversation.description ?? ""));
      return {};
    case "rename":
      await describePlace(id, { name: conversation.name ?? "", topic: "", description: "" }, { name: words, topic: "", description: "" });
      return {};
    case "leave":
      openPanel({ name: "leave", group: id });
      return {};
    case "mute":
    case "mentions":
    case "unmute":
      setLevel(id, kLevelOf[name]!);
      return {};
    case "day": {
      const at = startOfDay(words);
      if (at === undefined) {
        return { problem: "badDay" };
      }
      await jumpToTime(id, at);
      return {};
    }
    case "search":
      navigate(`/search?words=${encodeURIComponent(words)}`);
      return {};
    case "shrug":
      return { text: `${words} ¯\\\\\\_(ツ)\\_/¯`.trim() };
  }
}
