// A screen in both themes, high contrast and on a phone: drawn into the folder of screenshots, checked by axe: all its rules
// for each layout, those on colours for a look that differs in colours alone.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { kShotFolder } from "./stage.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const kTags = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
const kOfColours = { type: "rule", values: ["color-contrast", "link-in-text-block"] };

export const kLooks = {
  light: { theme: "light", contrast: false, size: [1280, 800] },
  dark: { theme: "dark", contrast: false, size: [1280, 800], coloursOnly: true },
  contrast: { theme: "dark", contrast: true, size: [1280, 800], coloursOnly: true },
  phone: { theme: "light", contrast: false, size: [390, 844] },
};

export async function setLook(page, { theme, contrast, size: [width, height] }) {
  await page.setViewportSize({ width, height });
  // What the settings do, without leaving the screen.
  await page.evaluate(([chosen, more]) => {
    document.documentElement.dataset.theme = chosen;
    document.documentElement.dataset.contrast = more ? "more" : "";
  }, [theme, contrast]);
}

async function findings(page, rules) {
  if (!(await page.evaluate(() => "axe" in globalThis))) {
    await page.evaluate(axeSource);
  }
  return page.evaluate(async (runOnly) => {
    // Tooltips and menus lie where their library puts them, with its guards around them.
    const outside = ({ html }) => !html.startsWith('<div id="portal/') && !html.includes("data-focus-trap") && !html.startsWith('<div style="position: absolute');
    const { violations } = await globalThis.axe.run({ exclude: [[".tooltip"]] }, { runOnly });
    return violations.filter(({ nodes }) => nodes.some(outside)).map(({ id, nodes }) => `${id}: ${nodes.filter(outside).slice(0, 2).map(({ html, failureSummary }) => `${html.slice(0, 160)} (${failureSummary.split("\n")[1]?.trim()})`).join(" | ")}`);
  }, rules);
}

/** Fields that are wider than the place they have, though what they lie in hides it. */
const misfits = (page) => page.evaluate(() => [...document.querySelectorAll("input, select, textarea")].filter((field) => {
  const { width, right, left } = field.getBoundingClientRect();
  const box = field.closest(".field")?.getBoundingClientRect();
  return width > 1 && field.checkVisibility() && (right > innerWidth + 1 || left < -1 || (box && (right > box.right + 1 || left < box.left - 1)));
}).map((field) => field.outerHTML.slice(0, 120)));

/** What is wrong goes into `found`. Of `looks`, light comes before those that differ from it in colours alone. */
export async function portrayInto(found, page, name, looks = Object.keys(kLooks)) {
  for (const look of looks) {
    await setLook(page, kLooks[look]);
    await page.waitForTimeout(150); // the list measures itself again
    await page.screenshot({ path: join(kShotFolder, `${name}-${look}.png`) });
    const rules = kLooks[look].coloursOnly && looks.includes("light") ? kOfColours : kTags;
    found.push(...(await findings(page, rules)).map((text) => `${name}, ${look}: ${text}`));
    found.push(...(await misfits(page)).map((text) => `${name}, ${look}: a field lies beside its place: ${text}`));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    if (wide) {
      found.push(`${name}, ${look}: something lies beside the screen`);
    }
  }
  await setLook(page, kLooks.light);
}
