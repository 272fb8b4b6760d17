import { readdirSync, readFileSync } from "node:fs";
import { CoreError } from "@core/types";
import { describe, expect, it } from "vitest";
import { daysAgo, dayOf, shortDateOf } from "../../src/lib/dates";
import { explainError } from "../../src/lib/errors";
import { initialsOf, suggestedDeviceName, tintOf } from "../../src/lib/names";
import { neighbour } from "../../src/lib/shortcuts";
import { inOrder, mayMakeAtTop, pathOf, spacesIn, titleOfSpace } from "../../src/lib/spaces";
import { kMaxText, textSize } from "../../src/lib/text";
import { de } from "../../src/i18n/de";
import { en } from "../../src/i18n/en";
import { preferredLanguage } from "../../src/i18n";
import { isQuiet } from "../../src/state/preferences";

const kSource = new URL("../../src/", import.meta.url);
const sources = (readdirSync(kSource, { recursive: true }) as string[]).filter((name) => /\.tsx?$/.test(name) && !name.startsWith("i18n/"));
const source = (name: string) => readFileSync(new URL(name, kSource), "utf8");

describe("languages", () => {
  const flat = (part: object, prefix = ""): [string, string][] =>
    Object.entries(part).flatMap(([key, value]) => typeof value === "string" ? [[prefix + key, value] as [string, string]] : flat(value, `${prefix}${key}.`));
  const english = new Map(flat(en));

  it("have every text, with the same places to fill in", () => {
    const places = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map(([, name]) => name).sort();
    const german = flat(de);
    expect(german.map(([key]) => key)).toEqual([...english.keys()]);
    for (const [key, text] of german) {
      expect(text, key).not.toBe("");
      expect(places(text), key).toEqual(places(english.get(key)!));
    }
  });
  it("have every text that a screen asks for", () => {
    for (const name of sources) {
      for (const [, key] of source(name).matchAll(/\bt\(\s*"([\w.]+)"/g)) {
        expect(english.has(key!) || english.has(`${key}_other`), `${name}: ${key}`).toBe(true);
      }
    }
  });
  it("follow the person's wish, then the browser's, then English", () => {
    expect(preferredLanguage(["fr-FR", "de-AT"], null)).toBe("de");
    expect(preferredLanguage(["de"], "en")).toBe("en");
    expect(preferredLanguage(["fr"], "xx")).toBe("en");
    expect(preferredLanguage([], null)).toBe("en");
  });
});

it("style sheets know no left and right, so that they hold in languages written from the right", () => {
  for (const name of readdirSync(new URL("styles/", kSource))) {
    const css = source(`styles/${name}`);
    expect(css.match(/(margin|padding|border|inset)?-?\b(left|right)\b\s*:|text-align:\s*(left|right)/g), name).toBeNull();
  }
});
it("colours stand in the tokens alone", () => {
  for (const name of ["base.css", "shell.css", "timeline.css", "places.css"]) {
    expect(source(`styles/${name}`).match(/#[0-9a-f]{3,8}\b|rgb\(/gi), name).toBeNull();
  }
});

describe("spaces", () => {
  const space = (id: string, parent?: string, role = 2) => ({ id, name: id.toUpperCase(), hidden: false, archived: false, role, ...(parent ? { parent } : {}) });
  const all = [space("b"), space("c", "a", 3), space("a"), space("d", "c", 3), space("lost", "not listed")];
  it("are told as a list and shown as a tree", () => {
    expect(spacesIn(all).map(({ id }) => id)).toEqual(["a", "b", "lost"]);
    expect(spacesIn(all, "a").map(({ id }) => id)).toEqual(["c"]);
    expect(inOrder(all).map(({ id }) => id)).toEqual(["a", "c", "d", "b", "lost"]);
    expect(titleOfSpace(all, "d")).toBe("A / C / D");
    expect(pathOf(all, undefined)).toEqual([]);
    expect(pathOf(all, "gone")).toEqual([]);
  });
  it("that stand in each other are no endless way", () => {
    expect(pathOf([space("x", "y"), space("y", "x")], "x").map(({ id }) => id)).toEqual(["y", "x"]);
  });
  it("are made at the top by whose role holds everywhere", () => {
    expect(mayMakeAtTop(all)).toBe(false);
    expect(mayMakeAtTop([space("a", undefined, 4)])).toBe(true);
    expect(mayMakeAtTop([])).toBe(true);
  });
});

describe("dates", () => {
  const now = new Date(2026, 2, 10, 0, 30);
  const at = (...date: [number, number, number, number, number]) => new Date(...date).getTime() * 1000;
  const words = { today: "Today", yesterday: "Yesterday" };
  it("count calendar days, not hours", () => {
    expect(daysAgo(at(2026, 2, 9, 23, 59), now)).toBe(1);
    expect(daysAgo(at(2026, 2, 10, 0, 1), now)).toBe(0);
  });
  it("are named as people name them", () => {
    expect(dayOf(at(2026, 2, 9, 12, 0), "en", words, now)).toBe("Yesterday");
    expect(dayOf(at(2025, 0, 1, 12, 0), "de", words, now)).toBe("Mittwoch, 1. Januar 2025");
    expect(shortDateOf(at(2026, 2, 10, 0, 5), "de", words, now)).toBe("00:05");
    expect(shortDateOf(at(2026, 2, 6, 12, 0), "en", words, now)).toBe("Fri");
  });
});

describe("names", () => {
  it("give whole characters as initials", () => {
    expect(initialsOf("ann")).toBe("A");
    expect(initialsOf("Ann Lee")).toBe("AL");
    expect(initialsOf("👩‍👩‍👧 Family")).toBe("👩‍👩‍👧F");
    expect(initialsOf("")).toBe("?");
  });
  it("have one of eight colours, always the same", () => {
    expect(tintOf("0191d3f0-0000-7000-8000-000000000001")).toBe(tintOf("0191d3f0-0000-7000-8000-000000000001"));
    expect(tintOf("anything")).toBeLessThan(8);
  });
  it("suggest what the device is", () => {
    expect(suggestedDeviceName("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0")).toBe("Firefox, Linux");
    expect(suggestedDeviceName("something")).toBe("Browser");
  });
});

it("steps around the ends of a list", () => {
  expect(neighbour(["a", "b"], "b", 1)).toBe("a");
  expect(neighbour(["a", "b"], "a", -1)).toBe("b");
  expect(neighbour(["a", "b"], undefined, -1)).toBe("b");
  expect(neighbour([], undefined, 1)).toBeUndefined();
});
it("measures a text in bytes of UTF-8", () => {
  expect(textSize("ü".repeat(kMaxText / 2 + 1))).toBe(kMaxText + 2);
  expect(textSize("a".repeat(kMaxText))).toBe(kMaxText);
});
it("keeps quiet hours also across midnight", () => {
  const at = (hour: number) => new Date(2026, 0, 1, hour);
  expect([21, 22, 3, 7].map((hour) => isQuiet("22:00", "07:00", at(hour)))).toEqual([false, true, true, false]);
  expect(isQuiet("", "", at(3))).toBe(false);
  expect([8, 9, 17].map((hour) => isQuiet("09:00", "17:00", at(hour)))).toEqual([false, true, false]);
});
it("explains refusals by their code, their kind, or in their own words", () => {
  const t = ((key: string, values?: { message: string }) => values ? `${key} ${values.message}` : key) as never;
  expect(explainError(t, new CoreError("auth.bad_credentials", "unauthenticated", "no"))).toBe("errors.invalid_credentials");
  expect(explainError(t, new CoreError("limits.x", "rate_limited", "slow down"))).toBe("errors.too_many");
  expect(explainError(t, new Error("odd"))).toBe("errors.unknown odd");
});
