// What was written before somebody came in: closed, until the group shares it, and then from there on.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { kShotFolder, plaintextIn, sees, signUp, Stage, story, texts, until, write } from "./stage.mjs";

const kName = "the lighthouse keepers";
const words = ["before anything was shared", "shared from here on", "the keeper's second word"];
let stage;
let ann;
let bob;
let carla;
before(async () => {
  stage = await Stage.open();
  [ann, bob, carla] = await Promise.all(["ann", "bob", "carla"].map((name) => stage.device(name)));
  await Promise.all([signUp(stage, ann, "ann"), signUp(stage, bob, "bob"), signUp(stage, carla, "carla")]);
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob, carla }));

async function openSettings(page) {
  await page.click("[aria-label='More about this conversation']");
  await page.click(".menu-item:has-text('Settings of the group'):visible");
  await page.waitForSelector(".dialog >> text=Newcomers may read");
}
const theSwitch = (page) => page.getByRole("switch", { name: "Newcomers may read what was written before" });

step("it is off at first; whoever switches it on is named", async () => {
  await ann.keyboard.press("Control+Shift+O");
  await ann.click(".tab >> text=New group");
  await ann.fill(".dialog label:has-text('Name of the group') + .field-box input", kName);
  await ann.fill(".add-person input", "bob");
  await ann.press(".add-person input", "Enter");
  await ann.waitForSelector(".chip >> text=bob");
  await ann.click(".dialog button:has-text('Create')");
  await ann.waitForSelector(".conversation-title >> text=2 members");
  await write(ann, words[0]);
  await sees(ann, words[0], "sent");
  await openSettings(ann);
  assert.equal(await theSwitch(ann).isChecked(), false);
  await theSwitch(ann).click();
  await ann.waitForSelector(".dialog >> text=Switched on by ann");
  await ann.screenshot({ path: join(kShotFolder, "shared-history-setting.png") });
  await ann.keyboard.press("Escape");
  await bob.click(`.entry >> text=${kName}`);
  await Promise.all([ann, bob].map((page) => page.waitForSelector(".conversation-title >> text=newcomers read earlier messages")));
  await write(ann, words[1]);
  await write(ann, words[2]);
  await sees(ann, words[2], "sent");
});

step("who comes in reads what was written since, in its place, and nothing from before", async () => {
  await ann.click(".conversation-title button");
  await ann.fill(".dialog section .add-person input", "carla");
  await ann.press(".dialog section .add-person input", "Enter");
  await until(async () => (await ann.locator(".person").count()) === 3, "carla to be in");
  await ann.keyboard.press("Escape");
  await carla.click(`.entry >> text=${kName}`);
  await carla.waitForSelector("button:has-text('Show earlier messages')");
  await carla.screenshot({ path: join(kShotFolder, "shared-history-newcomer.png") });
  await carla.click("button:has-text('Show earlier messages')");
  await sees(carla, words[1], "received");
  await sees(carla, words[2], "received");
  await write(carla, "I have read it all");
  await sees(ann, "I have read it all", "received");
  const read = await texts(carla);
  assert.deepEqual(read.filter((text) => words.includes(text)), [words[1], words[2]]);
});

step("switched off, the sign goes for everybody", async () => {
  await openSettings(ann);
  await theSwitch(ann).click();
  await until(async () => !(await theSwitch(ann).isChecked()), "the switch to be off");
  await ann.keyboard.press("Escape");
  await carla.waitForSelector(".conversation-title .shares-history", { state: "detached" });
});

step("nothing of it stands in the server's files, and the browser had nothing to complain about", async () => {
  assert.deepEqual(plaintextIn(stage.data, "ann", [kName, ...words]), []);
  assert.deepEqual(stage.complaints, []);
});
