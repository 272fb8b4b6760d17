// Spaces in spaces, channels in them, and everything that is set in a channel: by the administrator, seen by a member.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { kShotFolder, plaintextIn, sees, signUp, Stage, story, until, write } from "./stage.mjs";

const plain = { topic: "topic-nobody-may-find", description: "description-nobody-may-find", word: "word-nobody-may-find" };
let stage;
let ann;
let bob;
before(async () => {
  stage = await Stage.open();
  [ann, bob] = await Promise.all(["ann", "bob"].map((name) => stage.device(name)));
  await signUp(stage, ann, "ann", stage.setupLink);
  await signUp(stage, bob, "bob");
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob }));

const toDirectory = (page) => page.click(".sidebar-links a:has-text('Channels')");
const field = (label) => `.dialog label:text-is("${label}") + .field-box input`;
const row = (name) => `.channel-row:has-text("${name}")`;

async function makeSpace(page, name) {
  await page.click("button:has-text('New space')");
  await page.fill(field("Name of the space"), name);
  await page.click(".dialog button:has-text('Create')");
  await page.waitForSelector(`.conversation-head h2:has-text("${name}")`);
}
async function openSettings(page, tab) {
  await page.click("[aria-label='More about this conversation']");
  await page.click(".menu-item:has-text('Settings of the channel'):visible");
  await page.waitForSelector(".dialog .tab");
  if (tab) {
    await page.click(`.dialog .tab:text-is("${tab}")`);
  }
}
/** In the page: what is written in menus that are too narrow for it, their arrow counted. */
function cutOff(menus) {
  const pen = document.createElement("canvas").getContext("2d");
  return menus.flatMap((menu) => {
    const style = getComputedStyle(menu);
    pen.font = style.font;
    const room = menu.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 16;
    return [...menu.options].map(({ text }) => text).filter((text) => pen.measureText(text).width > room);
  });
}
async function away(page) {
  await page.keyboard.press("Escape");
  await page.waitForSelector(".dialog", { state: "detached" });
}

step("an administrator makes a space, a space in it, and a channel there", async () => {
  await toDirectory(ann);
  await makeSpace(ann, "Research");
  await makeSpace(ann, "Sensors"); // stands in the one that is shown
  assert.deepEqual(await ann.locator(".way li").allInnerTexts(), ["Channels", "Research", "Sensors"]);
  await ann.click("button:has-text('New channel')");
  assert.equal(await ann.locator(".dialog select option:checked").innerText(), "Research / Sensors");
  await ann.fill(field("Name of the channel"), "probes");
  await ann.click(".dialog label:has-text('Everybody in the organisation')");
  await ann.click(".dialog button:has-text('Create')");
  await ann.waitForSelector(".conversation-title h2 >> text=probes");
});

step("somebody else walks down to it and joins; at the top it does not stand", async () => {
  await toDirectory(bob);
  await bob.click(row("Research"));
  await bob.waitForSelector(".way >> text=Research");
  assert.equal(await bob.locator("button:has-text('New space')").count(), 0, "a member makes no spaces");
  await bob.click(row("Sensors"));
  await bob.waitForSelector(row("probes"));
  await bob.click(".way a:has-text('Channels')");
  await bob.waitForSelector(row("Research"));
  await bob.waitForSelector(".empty-title >> text=No channels here yet");
  await bob.fill(".search-form input", "prob");
  await bob.waitForSelector(`${row("probes")} >> text=Research / Sensors`);
  await bob.click(`${row("probes")} button:has-text('Join')`);
  await bob.waitForSelector(".conversation-title h2 >> text=probes");
  await write(ann, plain.word);
  await sees(bob, plain.word, "received");
});

step("name, topic and description are changed, for the members and in the directory", async () => {
  await openSettings(ann);
  await ann.fill(field("Name of the channel"), "probes-outside");
  await ann.fill(field("Topic"), plain.topic);
  await ann.fill(".dialog textarea", plain.description);
  await ann.click(".dialog button:has-text('Save')");
  await ann.waitForSelector(".dialog [role=status] >> text=Saved.");
  await away(ann);
  await bob.waitForSelector(".conversation-title h2 >> text=probes-outside");
  await bob.waitForSelector(`.conversation-topic >> text=${plain.topic}`);
  await bob.click("[aria-label='More about this conversation']");
  await bob.click(".menu-item:has-text('Settings of the channel'):visible");
  await until(async () => (await bob.inputValue(".dialog textarea")) === plain.description || (await bob.inputValue(".dialog textarea")), "the description");
  assert.equal(await bob.locator(".dialog .tab").count(), 0, "rules are for who manages the channel");
  await away(bob);
});

step("only who manages it writes, when it is for announcements", async () => {
  await openSettings(ann, "Rules");
  await ann.click(".dialog label:text-is('Announcements only')");
  await bob.waitForSelector(".composer-closed >> text=Only who manages this channel writes here");
  await ann.click(".dialog label:text-is('Announcements only')");
  await bob.waitForSelector(".composer textarea");
});

step("an exception for members holds, and is taken back", async () => {
  await ann.click(".dialog .tab:text-is('Exceptions')");
  await ann.selectOption("[aria-label='Members: write']", "deny");
  await bob.waitForSelector(".composer-closed >> text=Your role does not let you write here");
  await ann.waitForSelector("[aria-label='Members: write'][data-changed]");
  await ann.setViewportSize({ width: 360, height: 780 });
  assert.deepEqual(await ann.locator(".rights select").evaluateAll(cutOff), [], "on a phone every choice can be read");
  await ann.screenshot({ path: join(kShotFolder, "places-exceptions-phone.png") });
  await ann.setViewportSize({ width: 1280, height: 800 });
  await ann.selectOption("[aria-label='Members: write']", "usual");
  await bob.waitForSelector(".composer textarea");
});

step("an archived channel is read and not written, until it is restored", async () => {
  await ann.click(".dialog .tab:text-is('Rules')");
  await ann.click(".dialog button:has-text('Archive')");
  await bob.waitForSelector(".composer-closed >> text=This channel is archived");
  await ann.click(".dialog button:has-text('Restore')");
  await bob.waitForSelector(".composer textarea");
  await away(ann);
});

step("who is kept out does not come in again, before that is undone", async () => {
  await ann.click(".conversation-title button");
  await ann.click("[aria-label='Remove bob and keep out']");
  await bob.waitForSelector("text=You are no longer in this group.");
  await away(ann);
  const join = async () => {
    await toDirectory(bob);
    await bob.fill(".search-form input", "probes");
    await bob.click(`${row("probes-outside")} button:has-text('Join')`);
  };
  await join();
  await bob.waitForSelector("[role=alert] >> text=is kept out");
  await openSettings(ann, "People");
  await ann.click(".dialog .person:has-text('bob') button:has-text('Let in again')");
  await ann.waitForSelector("text=Nobody. Who is removed and kept out stands here.");
  await bob.reload();
  await bob.waitForSelector(".link-online");
  await join();
  await bob.waitForSelector(".conversation-title h2 >> text=probes-outside");
  await bob.waitForSelector(".conversation-title >> text=2 members");
});

step("a role in the channel lets somebody else manage it", async () => {
  await ann.fill(field("User name"), "nobody-here");
  await ann.click(".role-row button");
  await ann.waitForSelector("text=There is nobody called nobody-here.");
  await ann.fill(field("User name"), "bob");
  await ann.click(".role-row button");
  await ann.waitForSelector(".dialog [role=status] >> text=bob: Manages.");
  await away(ann);
  await bob.reload();
  await bob.waitForSelector(".link-online");
  await bob.click(".entry >> text=probes-outside");
  await openSettings(bob, "Rules");
  await away(bob);
});

step("a space is renamed, and deleted only when it is empty", async () => {
  await toDirectory(ann);
  await ann.click(row("Research"));
  await ann.click("[aria-label='Settings of the space']");
  await ann.fill(field("Name of the space"), "Laboratory");
  await ann.click(".dialog button:has-text('Rename')");
  await ann.waitForSelector(".conversation-head h2:has-text('Laboratory')");
  await ann.click(".dialog button:has-text('Delete the space')");
  await ann.waitForSelector(".dialog [role=alert] >> text=There are spaces or channels in it.");
  await away(ann);
});

step("a deleted channel has nobody in it, and its space can go", async () => {
  await ann.click(".entry >> text=probes-outside");
  await openSettings(ann, "Rules");
  await ann.click(".dialog button:has-text('Delete the channel')");
  await ann.click(".dialog button:has-text('Delete for everybody')");
  await bob.waitForSelector("text=You are no longer in this group.");
  await toDirectory(ann);
  await ann.click(row("Laboratory"));
  await ann.click(row("Sensors"));
  await ann.click("[aria-label='Settings of the space']");
  await ann.click(".dialog button:has-text('Delete the space')");
  await ann.waitForSelector(".conversation-head h2:has-text('Laboratory')");
  await ann.waitForSelector("text=No spaces here yet.");
});

step("what members alone know is nowhere in the server's files, and the browser had nothing to complain about", () => {
  assert.deepEqual(plaintextIn(stage.data, "ann", Object.values(plain)), []);
  assert.deepEqual(stage.complaints, []);
});
