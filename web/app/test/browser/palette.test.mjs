// Ctrl+K: one list of everything, by a few letters and keys alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { portrayInto } from "./portrait.mjs";
import { makeChannel, openConversation, sees, signUp, Stage, story, until, write } from "./stage.mjs";

const found = [];
let stage;
let ann;
let bob;
let carla;
before(async () => {
  stage = await Stage.open();
  [ann, bob, carla] = await Promise.all(["ann", "bob", "carla"].map((name) => stage.device(name)));
  await signUp(stage, ann, "ann.lindqvist", stage.setupLink);
  await signUp(stage, bob, "bob");
  await signUp(stage, carla, "carla");
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob, carla }));

const rows = (page) => page.locator(".palette-item").evaluateAll((items) => items.map((item) =>
  [item.querySelector(".palette-title").textContent, item.querySelector(".palette-kind, .keys").innerText.replace(/\s+/g, " ")].join(" · ")));
const active = (page) => page.locator(".palette-item[data-active-item] .palette-title").innerText();
async function type(page, words) {
  await page.keyboard.press("Control+k");
  await page.waitForSelector(".palette-item");
  await page.keyboard.type(words);
}
/** Types, waits until the first row is that one, and takes it. */
async function go(page, words, title) {
  await type(page, words);
  await until(async () => { const text = await active(page).catch(() => ""); return text.startsWith(title) || text; }, `"${title}" to be first`);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".palette", { state: "detached" });
}

step("some places to go to", async () => {
  await openConversation(bob, "ann.lindqvist");
  await write(bob, "hello");
  await sees(bob, "hello", "sent");
  await makeChannel(ann, bob, "Release team");
  await carla.waitForSelector(".sidebar-links");
  await ann.waitForSelector(".conversation-title >> text=2 members");
  await write(bob, "Who brings the figures of last night?");
  await sees(ann, "figures of last night", "received");
  const message = ann.locator(".timeline .message", { hasText: "figures of last night" });
  await message.locator(".message-menu").hover();
  await message.locator(".message-menu[aria-expanded]").click();
  await ann.click(".menu-item:has-text('Reply in thread'):visible");
  await ann.fill(".thread textarea", "I do");
  await ann.press(".thread textarea", "Enter");
  await ann.locator(".thread .message", { hasText: "I do" }).waitFor();
  await ann.keyboard.press("Escape");
  await makeChannel(carla, bob, "Garden party"); // which Ann is not in
});

step("before anything is typed: what one was not looking at, and what there is to do", async () => {
  await type(ann, "");
  const all = await rows(ann);
  assert.ok(all[0].startsWith("bob · Person"), all[0]);
  assert.ok(!all.some((row) => row.startsWith("Release team · Channel")), "it is on the screen");
  assert.ok(all.some((row) => row.startsWith("New conversation · Ctrl")));
  await portrayInto(found, ann, "palette-empty");
  await ann.keyboard.press("Control+k"); // its own key puts it away
  await ann.waitForSelector(".palette", { state: "detached" });
});

step("a conversation by the beginnings of its words, a thread by what it is about", async () => {
  await go(ann, "bo", "bob");
  await ann.waitForSelector(".conversation-title h2 >> text=bob");
  await go(ann, "rt", "Release team");
  await ann.waitForSelector(".conversation-title h2 >> text=Release team");
  await go(ann, "bo", "bob");
  await type(ann, "figures");
  await until(async () => (await active(ann)).startsWith("Who brings the figures") || (await rows(ann)).join(), "the thread to be found");
  await portrayInto(found, ann, "palette-found");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".thread .message >> text=I do");
});

step("what was chosen last comes first", async () => {
  await type(ann, "");
  const [first, second] = await rows(ann);
  assert.match(first, /^Who brings the figures/);
  assert.match(second, /^bob/);
  await ann.keyboard.press("Escape");
  await ann.waitForTimeout(600); // kept a moment later
  await ann.reload();
  await ann.waitForSelector(".link-online");
  await until(async () => {
    await type(ann, "");
    const [row] = await rows(ann);
    await ann.keyboard.press("Escape");
    await ann.waitForSelector(".palette", { state: "detached" });
    return row.startsWith("Who brings the figures") || row;
  }, "the same after the page was loaded again");
});

step("a channel of the directory is joined from there, and whoever is known gets a conversation", async () => {
  await go(ann, "#garden", "Garden party");
  await ann.waitForSelector(".conversation-title h2 >> text=Garden party");
  await ann.waitForSelector(".conversation-title >> text=3 members");
  await go(ann, "@carl", "carla");
  await ann.waitForSelector(".conversation-title h2 >> text=carla");
  assert.equal(await ann.locator(".entry", { hasText: "carla" }).count(), 1);
});

step("settings and commands by their names, and commands alone behind >", async () => {
  await go(ann, "quiet", "Quiet hours");
  await ann.waitForSelector("legend:has-text('Quiet hours')");
  await go(ann, "theme dark", "Theme: Dark");
  assert.equal(await ann.evaluate(() => document.documentElement.dataset.theme), "dark");
  await go(ann, ">theme light", "Theme: Light");
  await type(ann, ">");
  assert.ok((await rows(ann)).every((row) => !/· (Person|Channel|Group|Thread)$/.test(row)));
  await ann.keyboard.press("Escape");
  await go(ann, "mark everything", "Mark everything as read");
});

step("whatever was typed can be searched for, and what nobody has is not found", async () => {
  await type(ann, "hello");
  await until(async () => (await active(ann)).startsWith("Search messages for “hello”") || (await rows(ann)).join(), "the search to be offered");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".result >> text=hello");
  await type(ann, "@nobodylikethat");
  await ann.waitForSelector(".palette-none >> text=Nothing found");
  await portrayInto(found, ann, "palette-none", ["light", "dark", "phone"]);
  await ann.keyboard.press("Escape");
});

step("neither axe nor the browser found anything", () => {
  assert.deepEqual(found, []);
  assert.deepEqual(stage.complaints, []);
});
