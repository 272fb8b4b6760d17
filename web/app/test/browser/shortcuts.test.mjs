// Every row of the list of shortcuts does what it says: a row without a check here fails, and so does a check without a row.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { portrayInto } from "./portrait.mjs";
import { openConversation, sees, signUp, Stage, story, until, write } from "./stage.mjs";

const found = [];
let stage;
let ann;
let bob;
let listed;
before(async () => {
  stage = await Stage.open();
  [ann, bob] = await Promise.all(["ann", "bob"].map((name) => stage.device(name)));
  await signUp(stage, ann, "ann", stage.setupLink);
  await signUp(stage, bob, "bob");
  await signUp(stage, await stage.device("carla"), "carla");
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob }));

const title = () => ann.locator(".conversation-title h2").innerText();
const inside = (selector) => ann.evaluate((one) => document.activeElement?.matches(one) ?? false, selector);
const press = (keys) => ann.keyboard.press(keys);
const gone = (selector) => ann.waitForSelector(selector, { state: "detached" });
async function escape() {
  await press("Escape");
  await gone("[role=dialog]");
}
const field = () => until(() => inside(".composer textarea"), "the focus in the field");
async function toBob() {
  await ann.click(".entry >> text=bob");
  await ann.waitForSelector(".conversation-title h2 >> text=bob");
  await ann.locator(".entry:has-text('bob')").focus();
  await press("Escape"); // it may have been open before
  await field();
}
/** The message that has the focus. */
const here = () => ann.evaluate(() => document.activeElement?.closest(".message")?.querySelector(".message-text")?.textContent ?? "");
/** Onto the message with that text, by keys alone. */
async function stand(text) {
  await toBob();
  await press("Control+ArrowUp");
  for (let at = 0; at < 12 && !(await here()).includes(text); ++at) {
    await press("ArrowUp");
  }
  assert.ok((await here()).includes(text), `on "${text}", not "${await here()}"`);
}
const clipboard = () => ann.evaluate(() => navigator.clipboard.readText());
const fromHim = "figures of last night";
const fromHer = "will be there";

const checks = {
  palette: async () => { await press("Control+k"); await ann.waitForSelector(".palette"); await escape(); },
  newConversation: async () => { await press("Control+Shift+o"); await ann.waitForSelector(".dialog .tab"); await escape(); },
  search: async () => { await press("Control+Shift+f"); await until(() => inside("#conversation-search"), "the focus in the search"); },
  searchMessages: async () => { await press("Control+Shift+s"); await ann.waitForSelector("[role=search] input"); assert.ok(ann.url().endsWith("/search")); },
  channels: async () => { await press("Control+Shift+l"); await ann.waitForSelector("button:has-text('New channel')"); },
  threads: async () => { await press("Control+Shift+h"); await ann.waitForSelector(".list-screen h2 >> text=Threads"); },
  next: async () => { await toBob(); await press("Alt+ArrowDown"); await until(async () => (await title()) !== "bob", "another one"); },
  previous: async () => {
    await toBob();
    await press("Alt+ArrowDown");
    await until(async () => (await title()) !== "bob", "another one");
    await press("Alt+ArrowUp");
    await until(async () => (await title()) === "bob", "the first one again");
    assert.equal(await ann.locator(".composer-editing").count(), 0, "the arrow alone changes a message");
  },
  nextUnread: async () => { await unread(); await press("Alt+Shift+ArrowDown"); await until(async () => (await title()) === "bob", "the one that is unread"); },
  previousUnread: async () => { await unread(); await press("Alt+Shift+ArrowUp"); await until(async () => (await title()) === "bob", "the one that is unread"); },
  settings: async () => { await press("Control+,"); await ann.waitForSelector(".settings"); },
  help: async () => { await ann.locator("h2").first().click(); await press("?"); await ann.waitForSelector(".shortcut-list >> nth=0"); await escape(); },
  close: async () => { await toBob(); await ann.locator(".entry").first().focus(); await press("Escape"); await field(); },
  details: async () => { await toBob(); await press("Control+Shift+d"); await ann.waitForSelector(".qr"); await escape(); },
  day: async () => { await toBob(); await press("Control+j"); await ann.waitForSelector(".dialog input[type=date]"); await escape(); },
  toMessages: async () => { await toBob(); await press("Control+ArrowUp"); assert.ok(await inside(".message")); },
  send: async () => { await toBob(); await ann.keyboard.type("by keys"); await press("Enter"); await sees(ann, "by keys", "sent"); },
  newLine: async () => {
    await toBob();
    await ann.keyboard.type("one");
    await press("Shift+Enter");
    await ann.keyboard.type("two");
    assert.equal(await ann.inputValue(".composer textarea"), "one\ntwo");
    await ann.fill(".composer textarea", "");
  },
  editLast: async () => { await toBob(); await press("ArrowUp"); await ann.waitForSelector(".composer-editing"); await press("Escape"); await gone(".composer-editing"); },
  attach: async () => { await toBob(); const choosing = ann.waitForEvent("filechooser"); await press("Control+u"); await choosing; },
  emoji: async () => { await toBob(); await press("Control+."); await ann.waitForSelector(".emoji-search:visible"); await press("Escape"); await gone(".emoji-search"); },
  mention: async () => suggests("@b", "@bob"),
  named: async () => {
    await toBob();
    await ann.keyboard.type(":no");
    assert.equal(await ann.locator(".suggestions").count(), 0); // this conversation has none; emoji.test.mjs has one
    await ann.fill(".composer textarea", "");
  },
  slash: async () => suggests("/", "/mute"),
  walk: async () => { await stand(fromHim); await press("ArrowDown"); assert.ok((await here()) !== "" && !(await here()).includes(fromHim)); await press("ArrowUp"); assert.ok((await here()).includes(fromHim)); },
  menu: async () => { await stand(fromHim); await press("Enter"); await ann.waitForSelector(".menu-item:visible"); await press("Escape"); await gone(".menu-item"); },
  react: async () => { await stand(fromHim); await press("+"); await ann.waitForSelector(".dialog .emoji-search"); await escape(); },
  replyInThread: async () => { await stand(fromHim); await press("t"); await ann.waitForSelector(".thread textarea"); await ann.click(".thread [aria-label=Close]"); },
  quote: async () => { await stand(fromHim); await press("q"); await ann.waitForSelector(".composer .quotation"); await press("Escape"); await gone(".composer .quotation"); },
  edit: async () => { await stand(fromHer); await press("e"); await ann.waitForSelector(".composer-editing"); await press("Escape"); await gone(".composer-editing"); },
  copyText: async () => { await stand(fromHim); await press("c"); await until(async () => (await clipboard()).includes(fromHim), "its text to be copied"); },
  copyLink: async () => { await stand(fromHim); await press("l"); await until(async () => /\/c\/.*\/m\//.test(await clipboard()), "its link to be copied"); },
  markUnread: async () => { await stand(fromHim); await press("u"); await press("Alt+ArrowDown"); await ann.waitForSelector(".entry:has-text('bob')[data-unread]"); await toBob(); },
  readers: async () => { await stand(fromHer); await press("r"); await ann.waitForSelector(".dialog"); await escape(); },
  earlierTexts: async () => {
    await stand(fromHer);
    await press("e");
    await ann.waitForSelector(".composer-editing");
    await ann.keyboard.type(" indeed");
    await press("Enter");
    await ann.waitForSelector(".message .edited");
    await stand(fromHer);
    await press("v");
    await until(async () => (await ann.locator(".dialog .message-earlier").count()) === 2, "both versions");
    await escape();
  },
  delete: async () => { await stand(fromHer); await press("Delete"); await ann.waitForSelector(".dialog button:has-text('Delete')"); await escape(); },
};

async function suggests(typed, wanted) {
  await toBob();
  await ann.keyboard.type(typed);
  await ann.waitForSelector(`.suggestions [role=option] >> text=${wanted}`);
  await ann.fill(".composer textarea", "");
}
/** Something new from Bob while another conversation is open. */
async function unread() {
  await ann.click(".entry >> text=carla");
  await ann.waitForSelector(".conversation-title h2 >> text=carla");
  await write(bob, "and one more");
  await ann.waitForSelector(".entry:has-text('bob')[data-unread]");
}

step("two conversations, and the list", async () => {
  await openConversation(ann, "carla");
  await openConversation(ann, "bob");
  await write(ann, `I ${fromHer}`);
  await sees(ann, fromHer, "sent");
  await bob.click(".entry");
  await sees(bob, fromHer, "received");
  await write(bob, `The ${fromHim}`);
  await write(bob, "and the agenda");
  await sees(ann, "and the agenda", "received");
  await ann.locator("h2").first().click();
  await press("?");
  await ann.waitForSelector("[data-shortcut]");
  listed = await ann.locator("[data-shortcut]").evaluateAll((all) => all.map((row) => row.dataset.shortcut));
  await portrayInto(found, ann, "shortcuts");
  await escape();
  assert.deepEqual([...listed].sort(), Object.keys(checks).sort());
});

for (const [name, check] of Object.entries(checks)) {
  step(`"${name}" does what it says`, check);
}

step("what is typed where nothing takes it goes into the field; on a message that was clicked no letter does anything", async () => {
  await toBob();
  await ann.locator(".timeline .message", { hasText: fromHim }).locator(".message-text").click();
  await ann.keyboard.type("quick");
  assert.equal(await ann.inputValue(".composer textarea"), "quick");
  assert.equal(await ann.locator(".composer .quotation").count(), 0);
  await ann.fill(".composer textarea", "");
});

step("a dialog is not left by keys of what lies behind it", async () => {
  await press("Control+k");
  await ann.waitForSelector(".palette");
  await press("Control+,");
  await press("Alt+ArrowDown");
  assert.equal(await title(), "bob");
  await escape();
});

step("neither axe nor the browser found anything", () => {
  assert.deepEqual(found, []);
  assert.deepEqual(stage.complaints, []);
});
