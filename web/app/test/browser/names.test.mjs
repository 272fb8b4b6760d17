// Finding people by how their names begin, calling oneself otherwise, and a moderator's deletion.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { portrayInto } from "./portrait.mjs";
import { makeChannel, sees, signUp, Stage, story, until, write } from "./stage.mjs";

const found = [];
let stage;
let ann;
let bob;
before(async () => {
  stage = await Stage.open();
  [ann, bob] = await Promise.all(["ann", "bob"].map((name) => stage.device(name)));
  await Promise.all([signUp(stage, ann, "ann"), signUp(stage, bob, "bob.obrien")]);
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob }));
const message = (page, text) => page.locator(".timeline .message", { hasText: text }).last();
async function choose(page, text, item) {
  await message(page, text).locator(".message-menu").hover();
  await message(page, text).locator(".message-menu[aria-expanded]").click();
  await page.click(`.menu-item:has-text("${item}"):visible`);
}

step("somebody calls himself otherwise", async () => {
  await bob.goto(`${stage.url}/settings/profile`);
  const name = bob.getByLabel("Your name");
  const change = bob.locator("button:has-text('Change the name')");
  await name.fill("x".repeat(129));
  await bob.waitForSelector("text=That is too long.");
  assert.ok(await change.isDisabled());
  await name.fill("\u202eevil");
  await change.click();
  await bob.waitForSelector(".field-problem[role=status]");
  await name.fill("Bob O'Brien");
  await change.click();
  await bob.waitForSelector("text=Others see it now.");
  await portrayInto(found, bob, "profile", ["light", "dark", "contrast", "phone"]);
  await bob.reload();
  await until(async () => (await name.inputValue()) === "Bob O'Brien", "the name to be shown");
});

step("who knows how a part of the name begins finds the person, by keys", async () => {
  await ann.keyboard.press("Control+Shift+O");
  await ann.locator(".dialog input").first().pressSequentially("bri");
  await ann.locator(".suggestions [role=option]", { hasText: "Bob O'Brien" }).waitFor();
  assert.equal(await ann.locator(".suggestions [role=option]").count(), 1, "neither herself nor anybody else");
  await portrayInto(found, ann, "find-people", ["light", "dark", "contrast"]);
  await ann.keyboard.press("Escape");
  await ann.locator(".suggestions").waitFor({ state: "detached" });
  assert.equal(await ann.locator(".dialog").count(), 1, "Escape has closed the list alone");
  await ann.keyboard.press("Backspace");
  await ann.locator(".suggestions [role=option]").waitFor();
  await ann.keyboard.press("ArrowDown");
  await ann.waitForSelector(".suggestions [aria-selected=true]");
  await ann.keyboard.press("Enter");
  assert.equal(await ann.locator(".dialog input").first().inputValue(), "bob.obrien");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".conversation-title >> text=Bob O'Brien");
  await write(ann, "found you");
  await sees(ann, "found you", "sent");
});

step("a new name is seen while the other one looks", async () => {
  await bob.getByLabel("Your name").fill("Robert");
  await bob.click("button:has-text('Change the name')");
  await ann.waitForSelector(".conversation-title >> text=Robert");
  await ann.waitForSelector(".entry >> text=Robert");
});

step("a mention is completed by what somebody is called, too", async () => {
  await makeChannel(ann, bob, "news");
  await ann.waitForSelector(".conversation-title >> text=2 members");
  await ann.locator(".composer textarea").pressSequentially("@rob");
  await ann.locator(".suggestions [role=option]", { hasText: "Robert" }).waitFor();
  await ann.keyboard.press("Enter");
  await ann.locator(".composer textarea").pressSequentially("look here");
  await ann.keyboard.press("Enter");
  await sees(bob, "look here", "received");
  assert.equal(await message(bob, "look here").locator(".mention").innerText(), "@bob.obrien");
});

step("earlier versions of a message are shown", async () => {
  await write(bob, "buy thees");
  await sees(ann, "buy thees", "received");
  await choose(bob, "buy thees", "Edit");
  await bob.fill(".composer textarea", "buy these");
  await bob.keyboard.press("Enter");
  await message(ann, "buy these").locator(".edited").waitFor();
  await choose(ann, "buy these", "Earlier versions");
  await until(async () => (await ann.locator(".dialog .message-earlier").allInnerTexts()).join("|") === "buy these|buy thees", "both versions");
  await portrayInto(found, ann, "earlier-versions", ["light", "dark", "contrast", "phone"]);
  await ann.keyboard.press("Escape");
});

step("a message marked as unread counts, outlives the page, and is read by looking", async () => {
  const entry = bob.locator(".entry", { hasText: "news" });
  await choose(bob, "look here", "Mark as unread from here");
  await bob.click(".entry:has-text('ann')");
  await entry.locator(".badge", { hasText: "1" }).waitFor();
  await bob.waitForTimeout(600); // kept a moment later
  await bob.reload();
  await entry.locator(".badge", { hasText: "1" }).waitFor();
  await entry.click();
  await bob.waitForSelector(".unread-line");
  const order = await bob.locator(".unread-line, .timeline .message-text").evaluateAll((parts) => parts.map(({ className, textContent }) => (className === "unread-line" ? "line" : textContent)));
  assert.match(order[order.indexOf("line") + 1], /look here/, "the line stands above what was marked");
  await bob.click(".entry:has-text('ann')");
  await until(async () => (await entry.locator(".badge").count()) === 0, "it to be read");
});

step("who moderates deletes it, and everybody sees who did", async () => {
  await bob.click(".entry:has-text('news')");
  await message(bob, "look here").locator(".message-menu").hover();
  await message(bob, "look here").locator(".message-menu[aria-expanded]").click();
  await bob.locator(".menu-item:has-text('Copy link'):visible").waitFor();
  assert.equal(await bob.locator(".menu-item:has-text('Delete'):visible").count(), 0, "he does not moderate");
  await bob.keyboard.press("Escape");
  await choose(ann, "buy these", "Delete");
  await ann.waitForSelector(".dialog >> text=It was written by Robert");
  await ann.click(".dialog button:has-text('Delete')");
  await ann.waitForSelector(".tombstone >> text=You have deleted this message as a moderator");
  await bob.waitForSelector(".tombstone >> text=ann, who moderates this channel, has deleted this message");
  assert.equal(await message(bob, "buy these").count(), 0);
});

step("the browser had nothing to complain about", () => {
  assert.deepEqual(found, [], "axe");
  assert.deepEqual(stage.complaints, []);
});
