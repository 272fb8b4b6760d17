// A group of three: made, named, changed, left; read by members alone.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { kShotFolder, plaintextIn, sees, signUp, Stage, story, texts, until, write } from "./stage.mjs";

const kName = "the harbour project";
const kHalf = "half a group";
const secrets = [kName, "first word in the group", "without carla", "the renamed harbour"];
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

async function add(page, username) {
  await page.fill(".add-person input", username);
  await page.press(".add-person input", "Enter");
  await page.waitForSelector(`.chip >> text=${username}`);
}

async function nameNewGroup(page, name) {
  await page.keyboard.press("Control+Shift+O");
  await page.click(".tab >> text=New group");
  await page.fill(".dialog label:has-text('Name of the group') + .field-box input", name);
}

async function createWith(page, usernames) {
  for (const username of usernames) {
    await add(page, username);
  }
  await page.click(".dialog button:has-text('Create')");
}

step("one person makes a group, the others are in it", async () => {
  await nameNewGroup(ann, kName);
  await ann.fill(".add-person input", "nobody-here");
  await ann.press(".add-person input", "Enter");
  await ann.waitForSelector("text=There is nobody called nobody-here.");
  await createWith(ann, ["bob", "carla"]);
  await ann.waitForSelector(".conversation-title >> text=3 members");
  for (const page of [bob, carla]) {
    await page.click(`.entry >> text=${kName}`);
    await page.waitForSelector(".conversation-title >> text=3 members");
  }
});

step("who has no device yet keeps nobody else out", async () => {
  stage.createUser("dora");
  await nameNewGroup(ann, kHalf);
  await createWith(ann, ["dora", "bob"]);
  await ann.waitForSelector(".conversation-title >> text=2 members");
  await bob.waitForSelector(`.entry >> text=${kHalf}`);
  await ann.click(`.entry >> text=${kName}`);
});

step("everybody reads what everybody writes", async () => {
  await write(ann, secrets[1]);
  await sees(ann, secrets[1], "sent");
  await Promise.all([sees(bob, secrets[1], "received"), sees(carla, secrets[1], "received")]);
  await write(carla, "hello from carla");
  await sees(bob, "hello from carla", "received");
  assert.equal(await bob.locator(".message-first >> nth=-1 >> .message-name").innerText(), "carla");
});

/** Opens the members and answers the digits. */
async function openCode(page) {
  await page.click(".conversation-title button");
  await page.click("summary:has-text('Group code')");
  return page.locator("details .digits span").allInnerTexts();
}

step("the group's code is the same for all who share its keys", async () => {
  const code = async (page) => {
    const digits = await openCode(page);
    await page.keyboard.press("Escape");
    return digits;
  };
  const hers = await code(ann);
  assert.equal(hers.length, 8);
  assert.deepEqual(await code(bob), hers);
});

step("as the last resort the group is begun anew: the others are told by whom, and everybody writes on", async () => {
  const code = await openCode(ann);
  await ann.click("summary:has-text('If nobody can go on in here')");
  await ann.click(".dialog button:has-text('Begin anew')");
  await ann.click(".dialog .button-danger:has-text('Begin anew')");
  await ann.waitForSelector(".dialog", { state: "detached" });
  for (const page of [bob, carla]) {
    await page.waitForSelector(`.banner-danger >> text=ann has begun “${kName}” anew`);
    await page.click(".banner-danger button");
  }
  assert.equal(await ann.locator(".banner-danger").count(), 0, "who did it knows");
  await write(bob, "after the new beginning");
  await Promise.all([sees(ann, "after the new beginning", "received"), sees(carla, "after the new beginning", "received")]);
  assert.notDeepEqual(await openCode(ann), code);
  await ann.keyboard.press("Escape");
});

step("who is removed reads no more", async () => {
  await ann.click(".conversation-title button");
  await ann.click("[aria-label='Remove carla']");
  await until(async () => (await ann.locator(".person").count()) === 2, "carla to leave the list");
  await ann.keyboard.press("Escape");
  await carla.waitForSelector("text=You are no longer in this group.");
  await write(ann, secrets[2]);
  await sees(bob, secrets[2], "received");
  assert.ok(!(await texts(carla)).includes(secrets[2]));
});

step("a new name reaches the others", async () => {
  await ann.click(".conversation-title button");
  await ann.fill(".dialog label:has-text('Name of the group') + .field-box input", secrets[3]);
  await ann.click(".dialog button:has-text('Rename')");
  await bob.waitForSelector(`.conversation-title >> text=${secrets[3]}`);
  await ann.keyboard.press("Escape");
});

step("who leaves has left", async () => {
  await bob.click(".conversation-title button");
  await bob.click(".dialog button:has-text('Leave the group')");
  await bob.click(".dialog button:has-text('Leave the group')");
  await bob.waitForSelector("text=You are no longer in this group.");
  await ann.waitForSelector(".conversation-title >> text=1 member");
});

step("and is named when the patience is over", async () => {
  await ann.waitForSelector(`.banner-warning >> text=dora could not be added to “${kHalf}”`);
  await ann.screenshot({ path: join(kShotFolder, "group-left-out.png") });
  await ann.click(".banner-warning button");
  assert.equal(await ann.locator(".banner-warning").count(), 0);
});

step("neither name nor words are anywhere in the server's files, and the browser had nothing to complain about", async () => {
  assert.deepEqual(plaintextIn(stage.data, "ann", secrets), []);
  assert.deepEqual(stage.complaints, []);
});
