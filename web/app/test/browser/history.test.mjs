// Older messages on a new device: asked for there, given by the old one against a code, refused for another.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openConversation, plaintextIn, sees, signIn, signUp, Stage, story, texts, until, write } from "./stage.mjs";

const kOld = ["before the phone was there", "an answer that is just as old"];
let stage;
let ann;
let bob;
let phone;
before(async () => {
  stage = await Stage.open();
  [ann, bob, phone] = await Promise.all([
    stage.device("ann"), stage.device("bob"), stage.device("phone", { viewport: { width: 390, height: 844 } }),
  ]);
  await Promise.all([signUp(stage, ann, "ann"), signUp(stage, bob, "bob")]);
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob, phone }));

const code = async () => (await phone.locator(".transfer .digits span").allInnerTexts()).join("");
async function type(digits) {
  await ann.fill(".transfer input", digits);
  await ann.click(".transfer button:has-text('Send my messages')");
}

step("there is something to be read, and a new device has none of it", async () => {
  await openConversation(ann, "bob");
  await write(ann, kOld[0]);
  await sees(ann, kOld[0], "sent");
  await bob.click(".entry >> text=ann");
  await sees(bob, kOld[0], "received");
  await write(bob, kOld[1]);
  await sees(ann, kOld[1], "received");
  await signIn(stage, phone, "ann");
  await ann.click(".banner >> text=Look at it");
  await ann.click(".card-attention >> button:has-text('Approve')");
  await ann.click(".dialog >> button:has-text('Yes, approve')");
  await phone.waitForSelector(".sidebar");
  await write(bob, "for both devices");
  await phone.click(".entry >> text=bob");
  await sees(phone, "for both devices", "received");
  assert.deepEqual(await texts(phone), ["for both devices"]);
});

step("it asks the other one, which is told wherever it is", async () => {
  await ann.click(".entry >> text=bob");
  await phone.goto(`${stage.url}/settings/devices`);
  await phone.click("button:has-text('Get its older messages')");
  await phone.waitForSelector(".transfer .digits");
  assert.match(await code(), /^\d{10}$/);
  await ann.waitForSelector(".banner >> text=A device of yours asks for older messages");
  await ann.click(".banner >> text=Look at it");
  await ann.waitForSelector(".transfer input");
});

step("an incomplete code is not sent; another one ends it, and nothing was given", async () => {
  const right = await code();
  await type(right.slice(0, 9));
  await ann.waitForSelector(".transfer .field-problem >> text=The code has 10 digits.");
  await type(right.slice(0, 9) + ((Number(right[9]) + 1) % 10));
  await ann.waitForSelector(".transfer .field-problem >> text=It was another code");
  await phone.waitForSelector(".transfer .field-problem");
  await phone.goto(stage.url);
  await phone.click(".entry >> text=bob");
  await sees(phone, "for both devices");
  assert.deepEqual(await texts(phone), ["for both devices"]);
});

step("with the right code the older messages come into the open conversation, before the others", async () => {
  await phone.goto(`${stage.url}/settings/devices`);
  await phone.click("button:has-text('Ask once more')");
  await phone.waitForSelector(".transfer .digits");
  const digits = await code();
  await phone.click("[aria-label=Back]");
  await phone.click(".entry >> text=bob");
  await sees(phone, "for both devices");
  await ann.waitForSelector(".transfer input");
  await type(`${digits.slice(0, 5)} ${digits.slice(5)}`);
  await ann.waitForSelector(".transfer-done");
  const all = [...kOld, "for both devices"].join("|");
  await until(async () => (await texts(phone)).join("|") === all || (await texts(phone)), "the older messages, in order");
  await write(bob, "and on it goes");
  await until(async () => (await texts(phone)).join("|") === `${all}|and on it goes` || (await texts(phone)), "the next message behind them");
  await phone.goto(`${stage.url}/settings/devices`);
  await phone.waitForSelector(".transfer-done >> text=2 older messages received.");
});

step("nothing of it is anywhere in the server's files, and the browser had nothing to complain about", () => {
  assert.deepEqual(plaintextIn(stage.data, "ann", kOld), []);
  assert.deepEqual(stage.complaints, []);
});
