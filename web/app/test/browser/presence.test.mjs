// Who is online, as two people see each other: online, away, hidden, gone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { openConversation, sees, signUp, Stage, story, write } from "./stage.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let stage;
let ann;
let bob;
before(async () => {
  stage = await Stage.open();
  [ann, bob] = await Promise.all(["ann", "bob"].map((name) => stage.device(name)));
  await bob.clock.install(); // five minutes are not waited for
  await Promise.all([signUp(stage, ann, "ann"), signUp(stage, bob, "bob")]);
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob }));

const kHead = ".conversation-head";
const kSwitch = ".switch-row:has-text('Show others when I am online') input";
// Offline is told ten seconds late.
const seesBob = (state) => ann.waitForSelector(`${kHead} .presence-${state}`, { timeout: 20_000, state: "attached" });

step("who is there is shown as online, in words too", async () => {
  await openConversation(ann, "bob");
  await write(ann, "are you there?");
  await seesBob("online");
  assert.equal(await ann.locator(`${kHead} .present .visually-hidden`).innerText(), "Online");
  await ann.waitForSelector(".entry .presence-online");
  await bob.click(".entry >> text=ann");
  await sees(bob, "are you there?", "received");
  await bob.waitForSelector(`${kHead} .presence-online`);
});

step("axe finds nothing", async () => {
  await ann.evaluate(axeSource);
  const found = await ann.evaluate(async () => (await globalThis.axe.run({ exclude: [[".tooltip"]] }, {
    runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
  })).violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`)));
  assert.deepEqual(found.filter((text) => !text.includes("data-focus-trap") && !text.includes('id="portal/')), []);
});

step("who does nothing for five minutes is away, and back with the next move", async () => {
  await bob.clock.fastForward("05:01");
  await seesBob("away");
  await bob.mouse.move(200, 200);
  await bob.mouse.move(210, 210);
  await seesBob("online");
});

step("who hides looks offline, sees the others, and stays hidden after a reload", async () => {
  await bob.click(".me a[href='/settings']");
  await bob.click(kSwitch);
  await seesBob("offline");
  await bob.clock.runFor(1000); // it is kept a moment later
  await bob.reload();
  await bob.waitForSelector(".link-online");
  assert.equal(await bob.isChecked(kSwitch), false);
  await bob.waitForSelector(".entry .presence-online");
  await ann.waitForTimeout(1000);
  assert.equal(await ann.locator(`${kHead} .presence-offline`).count(), 1);
});

step("members of a group are shown to each other, and who has gone is offline", async () => {
  await bob.click(kSwitch);
  await seesBob("online");
  await ann.keyboard.press("Control+Shift+O");
  await ann.click(".tab >> text=New group");
  await ann.fill(".dialog label:has-text('Name of the group') + .field-box input", "the two");
  await ann.fill(".add-person input", "bob");
  await ann.press(".add-person input", "Enter");
  await ann.waitForSelector(".chip >> text=bob");
  await ann.click(".dialog button:has-text('Create')");
  await ann.waitForSelector(".conversation-title >> text=2 members");
  await ann.click(".conversation-title button");
  await ann.waitForSelector(".person:has-text('bob') .presence-online");
  assert.equal(await ann.locator(".person .presence").count(), 1, "nobody looks at themselves");
  await bob.close();
  await ann.waitForSelector(".person:has-text('bob') .presence-offline", { timeout: 20_000 });
});

step("without a connection nobody is shown as anything", async () => {
  await stage.stopServer("SIGKILL");
  await ann.waitForSelector(".presence", { state: "detached" });
  assert.deepEqual(stage.complaints, []);
});
