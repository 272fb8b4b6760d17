// What a person prefers on this device. Nothing here is secret.
import { create } from "zustand";

export interface Preferences {
  theme: "system" | "light" | "dark";
  contrast: boolean;
  density: "comfortable" | "compact";
  notify: boolean;
  preview: boolean;
  /** Emoji that move. */
  animate: boolean;
  quietFrom: string;
  quietTo: string;
}

const kKept = "unhidra.preferences";
const kDefault: Preferences = {
  theme: "system", contrast: false, density: "comfortable", notify: false, preview: false, animate: true, quietFrom: "", quietTo: "",
};

function kept(): Preferences {
  try {
    return { ...kDefault, ...(JSON.parse(localStorage.getItem(kKept) ?? "{}") as Partial<Preferences>) };
  } catch {
    return kDefault;
  }
}

export const usePreferences = create<Preferences>(kept);

export function prefer(change: Partial<Preferences>): void {
  usePreferences.setState(change);
  localStorage.setItem(kKept, JSON.stringify(usePreferences.getState()));
}

/** Writes what concerns the looks where the style sheets read it, now and from then on. */
export function followPreferences(): void {
  const apply = ({ theme, contrast, density }: Preferences) => {
    const { dataset } = document.documentElement;
    dataset.theme = theme;
    dataset.contrast = contrast ? "more" : "";
    dataset.density = density;
  };
  apply(usePreferences.getState());
  usePreferences.subscribe(apply);
}

const minutes = (clock: string): number => {
  const [hours = 0, rest = 0] = clock.split(":").map(Number);
  return hours * 60 + rest;
};

/** Whether the time lies between `from` and `to` ("22:00"), also across midnight; an empty one: never. */
export function isQuiet(from: string, to: string, now: Date): boolean {
  if (!from || !to) {
    return false;
  }
  const at = now.getHours() * 60 + now.getMinutes();
  const [start, end] = [minutes(from), minutes(to)];
  return start <= end ? at >= start && at < end : at >= start || at < end;
}
