import type { Notice } from "@core/types";
import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { de } from "../../src/i18n/de";
import { en } from "../../src/i18n/en";
import { kNobody, namesOf, noticeText, type NoticeLine } from "../../src/lib/notices";

beforeAll(() => i18next.init({
  resources: { en: { translation: en }, de: { translation: de } }, interpolation: { escapeValue: false }, showSupportNotice: false,
}));

const line = (kind: Notice["kind"], by: string, users: string[] = [], change: Partial<NoticeLine> = {}): NoticeLine =>
  ({ kind, by, users, others: 0, name: "", ...change });
const words = (language: string) => ({ t: i18next.getFixedT(language), language, me: "me", nameOf: (id: string) => `@${id}` });
const inBoth = (one: NoticeLine) => [noticeText(one, words("en")), noticeText(one, words("de"))];

describe("a line about a group", () => {
  it("says who did it and to whom, and calls oneself you", () => {
    expect(inBoth(line("added", "ann", ["bob"]))).toEqual(["@ann added @bob", "@ann hat @bob hinzugefügt"]);
    expect(inBoth(line("added", "me", ["bob", "cleo"]))).toEqual(["You added @bob and @cleo", "Du hast @bob und @cleo hinzugefügt"]);
    expect(inBoth(line("added", "ann", ["me"]))).toEqual(["@ann added you", "@ann hat dich hinzugefügt"]);
    expect(inBoth(line("removed", "ann", ["me"]))).toEqual(["@ann removed you", "@ann hat dich entfernt"]);
    expect(inBoth(line("joined", "bob", ["bob"]))).toEqual(["@bob joined", "@bob ist beigetreten"]);
    expect(inBoth(line("left", "bob", ["bob", "cleo"]))).toEqual(["@bob and @cleo left", "@bob und @cleo sind gegangen"]);
    expect(inBoth(line("left", "me", ["me"]))).toEqual(["You left", "Du bist gegangen"]);
    expect(inBoth(line("renamed", "me", [], { name: "Choir" }))).toEqual(["You renamed the group to Choir", "Du hast die Gruppe in Choir umbenannt"]);
    expect(inBoth(line("history_unshared", "ann"))).toEqual(["@ann switched off shared history", "@ann hat den geteilten Verlauf ausgeschaltet"]);
  });
  it("names nobody where it is not known who did it", () => {
    expect(inBoth(line("renamed", kNobody, [], { name: "Choir" }))).toEqual(["The group is now called Choir", "Die Gruppe heißt jetzt Choir"]);
    expect(noticeText(line("gone", kNobody, ["bob"]), words("en"))).toBe("@bob is no longer here: the server took out all devices");
  });
  it("counts many people, whose names can be asked for", () => {
    const many = line("added", "ann", ["a", "b", "c", "d"], { others: 8 });
    expect(inBoth(many)).toEqual(["@ann added 12 people", "@ann hat 12 Personen hinzugefügt"]);
    expect(namesOf(many, words("en"))).toBe("@a, @b, @c, @d, and 8 others");
    expect(namesOf(line("added", "ann", ["a", "b", "c"]), words("en"))).toBeUndefined();
  });
  it("has words in both languages for every kind", () => {
    for (const kind of ["added", "joined", "removed", "left", "gone", "renamed", "history_shared", "history_unshared"] as const) {
      for (const by of ["ann", "me"]) {
        for (const users of [["bob"], ["me"], ["bob", "cleo"]]) {
          inBoth(line(kind, by, users)).forEach((text) => expect(text).not.toContain("groupLines."));
        }
      }
    }
  });
});
