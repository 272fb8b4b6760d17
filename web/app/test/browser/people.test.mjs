// Two people and three devices in three browsers, through the real server, from the first set-up to a removed device.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openConversation, plaintextIn, sees, signIn, signUp, Stage, story, texts, until, write } from "./stage.mjs";

let stage;
let ann;
let phone;
let bob;
const secrets = ["the vault code is 4711", "und 4712 für den Keller", "written while offline", "for both of my devices",
  "after the phone was removed", "a draft that nobody gets"];

before(async () => {
  stage = await Stage.open({ "auth.open_sign_up": "false" });
  [ann, bob, phone] = await Promise.all([
    stage.device("ann"), stage.device("bob", { locale: "de-DE" }), stage.device("phone", { viewport: { width: 390, height: 844 } }),
  ]);
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob, phone }));

step("the first person sets the server up with the printed link, and invites the second", async () => {
  await signUp(stage, ann, "ann", stage.setupLink);
  assert.equal(new URL(ann.url()).hash, "", "the token stays in no address");
  await ann.click("button:has-text('Make an invitation')");
  await ann.click(".dialog button:has-text('Make an invitation')");
  const link = await ann.inputValue(".dialog input[readonly]");
  await ann.keyboard.press("Escape");
  await bob.goto(link);
  await bob.waitForSelector("h1 >> text=Konto anlegen"); // the browser's language
  await signUp(stage, bob, "bob", link);
});

step("an invitation works once, and the reason is told", async () => {
  const late = await stage.device("late");
  await late.goto(`${stage.url}/sign-up#inv_used-or-made-up`);
  await late.fill("[name=username]", "late");
  await late.fill("[name=password]", "correct horse battery staple");
  await late.click("button[type=submit]");
  await late.waitForSelector("[role=alert] >> text=This invitation is not valid");
  await late.context().close();
});

step("they write to each other, formatted, both ways", async () => {
  await openConversation(ann, "bob");
  await write(ann, `**${secrets[0]}** <img src=x onerror=alert(1)> [x](javascript:alert(1))`);
  await sees(ann, secrets[0], "sent");
  await bob.click(".entry >> text=ann");
  await sees(bob, secrets[0], "received");
  assert.equal(await bob.locator(".message-text strong").innerText(), secrets[0]);
  assert.equal(await bob.locator(".message-text img, .message-text a").count(), 0);
  await write(bob, secrets[1]);
  await sees(ann, secrets[1], "received");
});

step("they compare the safety number and mark it as verified", async () => {
  const digits = async (page) => {
    await page.click(".trust");
    await page.waitForSelector(".qr");
    return page.locator(".safety .digits span").allInnerTexts();
  };
  const [hers, his] = [await digits(ann), await digits(bob)];
  assert.equal(hers.length, 12);
  assert.deepEqual(hers, his);
  await ann.click(".dialog >> button:has-text('They match')");
  await ann.waitForSelector(".dialog >> text=You have verified bob");
  await ann.keyboard.press("Escape");
  await bob.keyboard.press("Escape");
  await ann.waitForSelector(".trust-good");
});

step("what is written without a connection is sent later, once and in order", async () => {
  await ann.context().setOffline(true);
  await ann.waitForSelector(".link-offline");
  await write(ann, secrets[2]);
  await sees(ann, secrets[2], "queued");
  await ann.reload().catch(() => undefined); // the page comes from the service worker
  await ann.waitForSelector(".shell");
  await ann.click(".entry >> text=bob");
  await sees(ann, secrets[2], "queued");
  await ann.context().setOffline(false);
  await sees(ann, secrets[2], "sent");
  await sees(bob, secrets[2], "received");
  assert.equal((await texts(bob)).filter((text) => text === secrets[2]).length, 1);
});

step("the server's death is outlived", async () => {
  await stage.stopServer("SIGKILL");
  await bob.waitForSelector(".link:not(.link-online)");
  await stage.startServer();
  await bob.waitForSelector(".link-online", { timeout: 60_000 });
  await ann.waitForSelector(".link-online", { timeout: 60_000 });
});

step("a second device waits, is approved by its number, and reads from then on", async () => {
  await signIn(stage, phone, "ann");
  const number = await phone.locator(".digits span").allInnerTexts();
  await ann.click(".banner >> text=Look at it");
  await ann.waitForSelector(".card-attention .digits");
  assert.deepEqual(await ann.locator(".card-attention .digits span").allInnerTexts(), number);
  await ann.click(".card-attention >> button:has-text('Approve')");
  await ann.click(".dialog >> button:has-text('Yes, approve')");
  await phone.waitForSelector(".sidebar");
  await write(bob, secrets[3]);
  await phone.click(".entry >> text=bob");
  await sees(phone, secrets[3], "received");
  await ann.goBack();
  await sees(ann, secrets[3], "received");
});

step("what one device writes, the other shows", async () => {
  await write(phone, "from the phone");
  await sees(ann, "from the phone");
  await sees(bob, "from the phone", "received");
});

step("what was read on one device is read on the other", async () => {
  const badge = (page) => page.locator(".entry", { hasText: "bob" }).locator(".badge");
  await ann.click("a[aria-label=Settings]");
  await phone.click("[aria-label=Back]");
  await write(bob, "one for both");
  await write(bob, "and another");
  for (const page of [ann, phone]) {
    await until(async () => (await badge(page).count()) === 1 && /^2/.test(await badge(page).innerText()), "two unread messages");
  }
  await phone.click(".entry >> text=bob");
  await sees(phone, "and another", "received");
  await badge(ann).waitFor({ state: "detached" });
  assert.equal(await ann.title(), "Unhidra");
  await ann.click(".entry >> text=bob");
  await sees(ann, "and another", "received");
  assert.equal(await ann.locator(".unread-line").count(), 0);
});

step("a draft stays with its conversation", async () => {
  await ann.fill(".composer textarea", secrets[5]);
  await ann.waitForTimeout(600); // it is stored a moment after the last key
  await ann.reload();
  await ann.waitForSelector(".composer textarea");
  assert.equal(await ann.inputValue(".composer textarea"), secrets[5]);
  await ann.fill(".composer textarea", "");
});

step("another tab does not get the keys, and can take them over", async () => {
  const second = await ann.context().newPage();
  await second.goto(stage.url);
  await second.click("button:has-text('Use it here')");
  await second.waitForSelector(".link-online");
  await ann.waitForSelector("text=Unhidra is open in another tab");
  await second.close();
  await ann.click("button:has-text('Use it here')");
  await ann.waitForSelector(".link-online");
});

step("a removed device is told, and gets nothing more", async () => {
  await ann.goto(`${stage.url}/settings/devices`);
  await ann.waitForSelector(".device >> nth=1");
  await ann.click(".device >> button:has-text('Remove')");
  await ann.click(".dialog >> button:has-text('Remove')");
  await phone.waitForSelector("text=This device was signed out");
  await until(async () => (await ann.locator(".device").count()) === 1, "the device to leave the list");
  await write(bob, secrets[4]);
  await sees(bob, secrets[4], "sent");
  await ann.click(".entry >> text=bob");
  await sees(ann, secrets[4], "received");
  assert.equal(await phone.locator(`text=${secrets[4]}`).count(), 0);
  await phone.click("button:has-text('Erase and sign in again')");
  await phone.waitForSelector("[name=password]");
  const left = await phone.evaluate(async () => {
    const names = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) {
      names.push(name);
    }
    return names;
  });
  assert.deepEqual(left.filter((name) => name !== "unhidra-main"), []);
});

step("nothing that was written is anywhere in the server's files", () => {
  assert.deepEqual(plaintextIn(stage.data, "ann", secrets), []);
});

step("the browser had nothing to complain about", () => {
  assert.deepEqual(stage.complaints, []);
});
