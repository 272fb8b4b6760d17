// The sections of the settings, and what stands in each: the palette finds it there.
import { Bell, Building2, Info, MonitorSmartphone, Palette, User, type LucideIcon } from "lucide-react";

export const kSections = {
  profile: { icon: User, holds: ["settings.receipts", "settings.shown", "settings.changePassword"] },
  devices: { icon: MonitorSmartphone, holds: ["history.title", "recovery.title"] },
  appearance: { icon: Palette, holds: ["settings.theme", "settings.contrast", "settings.animate", "settings.density", "settings.language"] },
  notifications: { icon: Bell, holds: ["settings.notify", "settings.notifyPreview", "settings.quiet", "threads.onReply", "threads.onMention"] },
  organization: { icon: Building2, holds: ["settings.editWindow", "settings.policyReceipts", "settings.directory"] },
  about: { icon: Info, holds: ["settings.storage"] },
} satisfies Record<string, { icon: LucideIcon; holds: string[] }>;

export type Section = keyof typeof kSections;

/** Those that concern somebody. */
export const sectionsFor = (administers: boolean): Section[] =>
  (Object.keys(kSections) as Section[]).filter((name) => name !== "organization" || administers);
