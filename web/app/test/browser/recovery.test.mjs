// Whoever has lost all devices comes back: with the recovery code as the same person, without it with new keys.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { portrayInto } from "./portrait.mjs";
import { openConversation, plaintextIn, sees, signIn, signUp, Stage, story, write } from "./stage.mjs";

let stage;
let ann;
let bob;
let phone;
let spare;
let code;
const found = [];
before(async () => {
  stage = await Stage.open();
  [ann, bob, phone, spare] = await Promise.all(["ann", "bob", "phone", "spare"].map((name) => stage.device(name)));
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob, phone, spare }));

async function openRecover(page) {
  await page.click("summary:has-text('I have no other device')");
  await page.waitForSelector(".recover textarea");
}
async function type(page, text) {
  await page.fill(".recover textarea", text);
  await page.click(".recover button[type=submit]");
}

step("two people have verified each other", async () => {
  await signUp(stage, ann, "ann");
  await signUp(stage, bob, "bob");
  await openConversation(ann, "bob");
  await write(ann, "hello bob");
  await sees(ann, "hello bob", "sent");
  await bob.click(".entry >> text=ann");
  await bob.click(".trust");
  await bob.click(".dialog >> button:has-text('They match')");
  await bob.keyboard.press("Escape");
  await bob.waitForSelector(".trust-good");
});

step("the code is shown on a device, to be written down", async () => {
  await ann.goto(`${stage.url}/settings/devices`);
  await ann.waitForSelector(".banner >> text=write down the recovery code");
  await ann.click("button:has-text('Show the recovery code')");
  await ann.waitForSelector(".dialog .recovery .digits");
  const groups = await ann.locator(".dialog .recovery .digits span").allInnerTexts();
  assert.equal(groups.length, 14);
  assert.ok(groups.every((group) => /^[0-9A-HJKMNP-TV-Z]{4}$/.test(group)));
  code = groups.join("-");
  await portrayInto(found, ann, "recovery-code");
  await ann.click(".dialog button:has-text('I have written it down')");
  assert.equal((await ann.content()).includes(groups.join("")), false);
});

step("a new device that nobody approves takes it, however it is typed", async () => {
  await ann.context().close();
  await signIn(stage, phone, "ann");
  await openRecover(phone);
  await portrayInto(found, phone, "recover");
  const wrong = code.slice(0, -1) + (code.endsWith("2") ? "3" : "2");
  await type(phone, wrong);
  await phone.waitForSelector("[role=alert] >> text=some character is missing or wrong");
  await type(phone, code.toLowerCase().replaceAll("-", " "));
  await phone.waitForSelector(".sidebar");
  await phone.waitForSelector(".banner-warning >> text=Your account has one other device");
  await portrayInto(found, phone, "recovered", ["light", "dark", "phone"]);
});

step("to the others it is the same person", async () => {
  await write(bob, "which device is this?");
  await phone.click(".entry >> text=bob");
  await sees(phone, "which device is this?", "received");
  await bob.waitForSelector(".trust-good");
  await phone.click(".banner-warning >> text=Look at it");
  await phone.waitForSelector(".banner-warning", { state: "detached" });
  await phone.click(".device >> button:has-text('Remove')");
  await phone.click(".dialog >> button:has-text('Remove')");
  await phone.locator(".device").nth(1).waitFor({ state: "detached" });
});

step("without it there are new keys, which the others are told of", async () => {
  await phone.context().close();
  await signIn(stage, spare, "ann");
  await openRecover(spare);
  await spare.click(".recover button:has-text('Begin with new keys')");
  await spare.waitForSelector(".dialog .bullets >> text=Your other device ends now, wherever it is: “Chrome, Linux”.");
  await portrayInto(found, spare, "begin-anew", ["light", "dark", "phone"]);
  await spare.click(".dialog >> button:has-text('Begin with new keys')");
  await spare.waitForSelector(".sidebar");
  await bob.waitForSelector(".trust-bad");
});

step("the server never saw the code, and nobody had anything to complain about", () => {
  assert.deepEqual(plaintextIn(stage.data, "ann", [code, code.replaceAll("-", ""), "which device is this?"]), []);
  assert.deepEqual(found, []);
  assert.deepEqual(stage.complaints, []);
});
