// A message that the server has refused: it says why, and is sent once more with all that belongs to it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { png } from "./pictures.mjs";
import { portrayInto } from "./portrait.mjs";
import { makeChannel, sees, signUp, Stage, story, until, write } from "./stage.mjs";

const kFile = "minutes.txt";
const kAlone = "alone.txt";
const kPicture = "large.png";
const kText = "@ann look at this, @all";
const found = [];
let stage;
let ann;
let bob;
before(async () => {
  stage = await Stage.open();
  [ann, bob] = await Promise.all(["ann", "bob"].map((name) => stage.device(name)));
  await signUp(stage, ann, "ann", stage.setupLink);
  await signUp(stage, bob, "bob");
  writeFileSync(join(stage.root, kFile), "what was said");
  writeFileSync(join(stage.root, kAlone), "nothing else");
  writeFileSync(join(stage.root, kPicture), png(1200, 900, 150_000));
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob }));

const message = (page, text, state) => page.locator(`.timeline .message[data-state="${state}"]`, { hasText: text }).last();
const announcements = () => ann.click(".dialog label:text-is('Announcements only')");

/** Bob sends it, and loses the right to between its upload and its way to the channel. */
async function sendRefused(text, files) {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  let uploaded = false;
  await bob.context().route("**/completion", async (route) => {
    uploaded = true;
    await held;
    await route.continue();
  });
  await bob.setInputFiles(".composer input[type=file]", files.map((name) => join(stage.root, name)));
  await bob.waitForSelector(`.chosen-file >> text=${files.at(-1)}`);
  await write(bob, text);
  await until(() => uploaded, "the files to be uploaded");
  await announcements();
  await bob.waitForSelector(".composer-closed");
  release();
  await message(bob, text || files[0], "failed").waitFor();
  await bob.context().unroute("**/completion");
  await announcements();
  await bob.waitForSelector(".composer textarea");
}

step("a channel in which somebody writes", async () => {
  await makeChannel(ann, bob, "news");
  await ann.waitForSelector(".conversation-title >> text=2 members");
  await write(ann, "the question");
  await sees(bob, "the question", "received");
  await ann.click("[aria-label='More about this conversation']");
  await ann.click(".menu-item:has-text('Settings of the channel'):visible");
  await ann.click(".dialog .tab:text-is('Rules')");
});

step("what is refused says why", async () => {
  await message(bob, "the question", "received").locator(".message-menu").hover();
  await message(bob, "the question", "received").locator(".message-menu[aria-expanded]").click();
  await bob.click(".menu-item:has-text('Quote'):visible");
  await bob.waitForSelector(".composer .quotation");
  await sendRefused(kText, [kFile, kPicture]);
  await message(bob, kText, "failed").locator(".message-failed >> text=You may not do that.").waitFor();
  await portrayInto(found, bob, "failed", ["light", "dark", "phone"]);
});

step("it is sent once more with quotation, mentions and files, and tells that it was", async () => {
  await message(bob, kText, "failed").locator("button:has-text('Send again')").click();
  await message(bob, kText, "sent").waitFor();
  await ann.keyboard.press("Escape");
  const come = message(ann, kText, "received");
  await come.waitFor();
  assert.match(await come.locator(".quotation").innerText(), /ann\s+the question/);
  assert.deepEqual(await come.locator(".mention").allInnerTexts(), ["@ann", "@all"]);
  assert.equal(await come.getAttribute("data-mention"), "true");
  await come.locator("img").waitFor(); // the small copy came along
  const coming = ann.waitForEvent("download");
  await come.locator(".file-card", { hasText: kFile }).locator("button").click();
  assert.equal(await readFile(await (await coming).path(), "utf8"), "what was said");
  await message(bob, kText, "failed").locator("text=Sent again").waitFor();
  assert.equal(await message(bob, kText, "failed").locator("button:has-text('Send again')").count(), 0);
});

step("a message of files alone goes with its files or not at all", async () => {
  await ann.click("[aria-label='More about this conversation']");
  await ann.click(".menu-item:has-text('Settings of the channel'):visible");
  await ann.click(".dialog .tab:text-is('Rules')");
  const before = await ann.locator(".timeline .message").count();
  await sendRefused("", [kAlone]);
  const failed = message(bob, kAlone, "failed");
  const gone = (route) => (route.request().method() === "GET" ? route.fulfill({ status: 404, contentType: "application/problem+json",
    body: JSON.stringify({ code: "files.not_found", title: "gone", status: 404 }) }) : route.continue());
  await bob.context().route("**/v1/files/**", gone);
  await failed.locator("button:has-text('Send again')").click();
  await failed.locator("[role=alert] >> text=It was not sent again").waitFor();
  await bob.context().unroute("**/v1/files/**", gone);
  await failed.locator("button:has-text('Send again')").click();
  await failed.locator("text=Sent again").waitFor();
  await ann.keyboard.press("Escape");
  await message(ann, kAlone, "received").locator(".file-card").waitFor();
  assert.equal(await ann.locator(".timeline .message").count(), before + 1, "the attempt that failed has sent nothing");
});

step("a message that was given up is discarded, and stays away", async () => {
  const failed = bob.locator('.message[data-state="failed"]');
  const before = await failed.count();
  await message(bob, kAlone, "failed").locator("button:has-text('Discard')").click();
  await until(async () => (await failed.count()) === before - 1, "it to be gone");
  await bob.reload();
  await message(bob, kText, "failed").waitFor();
  assert.equal(await failed.count(), before - 1);
});

step("it is remembered, and the browser had nothing to complain about", async () => {
  await bob.waitForTimeout(600); // kept a moment later
  await bob.reload();
  await message(bob, kText, "failed").locator("text=Sent again").waitFor();
  assert.deepEqual(found, [], "axe");
  assert.deepEqual(stage.complaints, []);
});
