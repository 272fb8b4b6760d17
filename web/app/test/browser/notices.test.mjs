// What becomes of a group stands in its timeline: who came and went, a new name, shared history; many of one kind in one line.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { portrayInto } from "./portrait.mjs";
import { kPassword, sees, signUp, Stage, story, until, write } from "./stage.mjs";

const kName = "the orchard";
const kLater = ["dora", "emil", "frida", "gerd"];
let stage;
let ann;
let bob;
before(async () => {
  stage = await Stage.open();
  ann = await stage.device("ann");
  bob = await stage.device("bob", { locale: "de-DE" });
  await Promise.all([signUp(stage, ann, "ann"), signUp(stage, bob, "bob")]);
  const password = join(stage.root, "password");
  writeFileSync(password, kPassword, { mode: 0o600 });
  for (const name of kLater) {
    await stage.cli(name, "register", "--username", name, "--password-file", password);
  }
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob }));
const found = [];

const lines = (page) => page.locator(".notice > p, .notice summary").allInnerTexts();
const tells = (page, text) => page.locator(".notice", { hasText: text }).last().waitFor();

async function invite(page, field, names) {
  for (const name of names) {
    await page.fill(field, name);
    await page.press(field, "Enter");
  }
}

step("who is taken in and who has left are told to all, in everybody's language", async () => {
  await ann.keyboard.press("Control+Shift+O");
  await ann.click(".tab >> text=New group");
  await ann.fill(".dialog label:has-text('Name of the group') + .field-box input", kName);
  await invite(ann, ".add-person input", ["bob"]);
  await ann.waitForSelector(".chip >> text=bob");
  await ann.click(".dialog button:has-text('Create')");
  await tells(ann, "You added bob");
  await bob.waitForSelector(`.entry:has-text("${kName}") >> text=ann hat dich hinzugefügt`);
  await bob.click(`.entry >> text=${kName}`);
  await tells(bob, "ann hat dich hinzugefügt");
  await write(bob, "Guten Morgen!");
  await sees(ann, "Guten Morgen!", "received");
});

step("many at once are one line, whose names open", async () => {
  await ann.click(".conversation-title button");
  for (const [at, name] of kLater.entries()) {
    await invite(ann, ".dialog section .add-person input", [name]);
    await until(async () => (await ann.locator(".person").count()) === 3 + at, `${name} to be in`);
  }
  await ann.keyboard.press("Escape");
  await tells(ann, "You added 4 people");
  await tells(bob, "ann hat 4 Personen hinzugefügt");
  await ann.click(".notice summary");
  await ann.waitForSelector(".notice p:has-text('dora'):has-text('gerd')");
  await ann.click(".notice summary");
});

step("a new name, shared history and a removal follow in their order, and nothing of it is unread", async () => {
  await write(ann, "Welcome, everybody.");
  await sees(bob, "Welcome, everybody.", "received");
  await ann.click(".conversation-title button");
  await ann.fill(".dialog label:has-text('Name of the group') + .field-box input", "the old orchard");
  await ann.click(".dialog button:has-text('Rename')");
  await ann.keyboard.press("Escape");
  await tells(bob, "ann hat die Gruppe in the old orchard umbenannt");
  await stage.cli("dora", "listen", "--timeout", "3");
  await stage.cli("dora", "group", "history", "the old orchard", "on");
  await tells(ann, "dora switched on shared history");
  await ann.click(".conversation-title button");
  await ann.click("[aria-label='Remove gerd']");
  await until(async () => (await ann.locator(".person").count()) === 5, "gerd to be out");
  await ann.keyboard.press("Escape");
  await tells(bob, "ann hat gerd entfernt");
  await stage.cli("emil", "listen", "--timeout", "3");
  await stage.cli("emil", "group", "leave", "the old orchard");
  await tells(ann, "emil left");
  await tells(bob, "emil ist gegangen");
  assert.deepEqual(await lines(ann), ["You added bob", "You added 4 people", "You renamed the group to the old orchard",
    "dora switched on shared history: whoever comes in can read what is written from now on", "You removed gerd", "emil left"]);
  assert.equal(await bob.locator(".unread-line").count(), 0);
  assert.equal(await bob.locator(".entry .badge").count(), 0);
  await stage.cli("dora", "listen", "--timeout", "3");
  const said = await stage.cli("dora", "history", "#the old orchard");
  assert.match(said, /-- ann removed gerd --/);
});

step("it looks as it should, in both themes and on a phone", async () => {
  await portrayInto(found, ann, "group-notices");
  await portrayInto(found, bob, "group-notices-german", ["light"]);
  assert.deepEqual(found, []);
  await ann.reload();
  await tells(ann, "emil left");
  assert.equal((await lines(ann)).length, 6);
  assert.deepEqual(stage.complaints, []);
});
