// The sections of the settings, and what stands in each: the palette finds it there.
import { Bell, Info, MonitorSmartphone, Palette, User, type LucideIcon } from "lucide-react";

export const kSections = {
  profile: { icon: User, holds: ["settings.receipts", "settings.shown", "settings.changePassword"] },
  devices: { icon: MonitorSmartphone, holds: ["history.title", "recovery.title"] },
  appearance: { icon: Palette, holds: ["settings.theme", "settings.contrast", "settings.animate", "settings.density", "settings.language"] },
  notifications: { icon: Bell, holds: ["settings.notify", "settings.notifyPreview", "settings.quiet", "threads.onReply", "threads.onMention"] },
  about: { icon: Info, holds: ["settings.storage"] },
} satisfies Record<string, { icon: LucideIcon; holds: string[] }>;

export type Section = keyof typeof kSections;
