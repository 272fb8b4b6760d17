import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { en } from "./en";

export const kLanguages = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof kLanguages;

const kKept = "unhidra.language";

// Only what is shown is loaded.
const loaders: Record<Exclude<Language, "en">, () => Promise<object>> = {
  de: async () => (await import("./de")).de,
};

export function preferredLanguage(wishes: readonly string[], kept: string | null): Language {
  for (const wish of [kept, ...wishes]) {
    const language = wish?.toLowerCase().split("-")[0] ?? "";
    if (language in kLanguages) {
      return language as Language;
    }
  }
  return "en";
}

export async function setLanguage(language: Language, keep = true): Promise<void> {
  if (language !== "en" && !i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", await loaders[language]());
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  document.documentElement.dir = i18next.dir(language);
  if (keep) {
    localStorage.setItem(kKept, language);
  }
}

export async function startI18n(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
    showSupportNotice: false,
  });
  await setLanguage(preferredLanguage(navigator.languages, localStorage.getItem(kKept)), false);
}
