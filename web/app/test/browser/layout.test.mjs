// Nothing moves under the reader's eyes: opening, switching, pictures that come, somebody who types, banners, a lost connection.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { png } from "./pictures.mjs";
import { kLooks, setLook } from "./portrait.mjs";
import { shiftsOf, watchShifts } from "./shifts.mjs";
import { makeChannel, openConversation, sees, signIn, signUp, Stage, story, until, write } from "./stage.mjs";

const kMost = 0.02; // per walk; 0.1 is what is commonly called good
let stage;
let ann;
let bob;
let spare;
before(async () => {
  stage = await Stage.open();
  [ann, bob, spare] = await Promise.all(["ann", "bob", "spare"].map((name) => stage.device(name)));
  await watchShifts(ann);
  await signUp(stage, ann, "ann", stage.setupLink);
  await signUp(stage, bob, "bob");
  writeFileSync(join(stage.root, "picture.png"), png(900, 600, 60_000));
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob, spare }));

async function still(what) {
  const { sum, what: moved } = await shiftsOf(ann);
  console.log(`# ${what}: ${sum.toFixed(4)}`);
  assert.ok(sum < kMost, `${what}: ${sum.toFixed(4)}\n${moved}`);
}
async function sendPicture() {
  await bob.setInputFiles(".composer input[type=file]", join(stage.root, "picture.png"));
  await bob.waitForSelector(".chosen-file img");
  await write(bob, "the picture");
  await bob.waitForSelector(".sending", { state: "detached", timeout: 60_000 });
}

step("two conversations, one of them longer than the screen", async () => {
  await makeChannel(ann, bob, "gateway");
  await openConversation(bob, "ann");
  for (let at = 0; at < 12; ++at) {
    await write(bob, `line ${at}\nand what belongs to it`);
  }
  await sees(ann, "line 11").catch(() => undefined);
  await ann.click(".entry >> text=bob");
  await sees(ann, "line 11", "received");
  await ann.waitForTimeout(500);
  await shiftsOf(ann);
});

step("what moves is counted", async () => {
  await ann.evaluate(() => {
    document.getElementById("root").style.paddingTop = "60px";
  });
  const { sum } = await shiftsOf(ann);
  assert.ok(sum > kMost, `${sum} for everything that moved by 60 pixels`);
});

for (const look of ["light", "phone"]) {
  const wide = look === "light";
  step(`${look}: the application is opened at a conversation`, async () => {
    await setLook(ann, kLooks[look]);
    await ann.reload();
    await sees(ann, "line 11", "received");
    if (wide) {
      await ann.waitForSelector(".link-online");
    }
    await ann.waitForTimeout(500);
    await still("open");
  });

  if (wide) {
    step("from one conversation to the other, to lists and settings and back", async () => {
      for (let round = 0; round < 3; ++round) {
        await ann.click(".entry >> text=gateway");
        await ann.waitForSelector(".conversation-title h2 >> text=gateway");
        await ann.click(".entry >> text=bob");
        await sees(ann, "line 11", "received");
      }
      await still("switch");
      await ann.click(".sidebar-links a:has-text('Channels')");
      await ann.waitForSelector(".channel-row");
      await ann.click(".sidebar-links a:has-text('Threads')");
      await ann.waitForSelector(".list-screen .empty, .result");
      await ann.click("[aria-label=Settings]");
      await ann.waitForSelector(".settings-content h3");
      await ann.click(".settings-nav a:has-text('Devices')");
      await ann.waitForSelector(".device");
      await still("screens");
      await ann.click(".entry >> text=bob");
      await sees(ann, "line 11", "received");
      await shiftsOf(ann);
    });
  } else {
    step("phone: to the list, to the other conversation, to settings and back", async () => {
      for (let round = 0; round < 3; ++round) {
        await ann.click(".conversation-head [aria-label=Back]");
        await ann.click(".entry >> text=gateway");
        await ann.waitForSelector(".conversation-title h2 >> text=gateway");
        await ann.click(".conversation-head [aria-label=Back]");
        await ann.click(".entry >> text=bob");
        await sees(ann, "line 11", "received");
      }
      await still("phone switch");
      await ann.click(".conversation-head [aria-label=Back]");
      await ann.click("[aria-label=Settings]");
      await ann.waitForSelector(".settings-content h3");
      await ann.click(".conversation-head [aria-label=Back]");
      await ann.click(".entry >> text=bob");
      await sees(ann, "line 11", "received");
      await still("phone screens");
    });
  }

  step(`${look}: a picture comes and is drawn`, async () => {
    await ann.waitForTimeout(500);
    await shiftsOf(ann);
    const before = await ann.locator(".picture img").count();
    await sendPicture();
    await ann.locator(".picture img").nth(before).waitFor();
    await ann.waitForTimeout(300);
    await still("picture");
  });

  step(`${look}: somebody types`, async () => {
    await until(async () => {
      await bob.locator(".composer textarea").pressSequentially("h"); // told now and then only
      await bob.waitForTimeout(400);
      return (await ann.locator(".composer-hint >> text=bob is writing").count()) > 0;
    }, "the hint");
    await bob.fill(".composer textarea", "");
    await ann.waitForSelector(".composer-hint >> text=bob is writing", { state: "detached" });
    await still("typing");
  });

  step(`${look}: the connection is lost and comes back`, async () => {
    await ann.context().setOffline(true);
    await ann.waitForSelector(".composer-hint[data-offline]");
    await ann.context().setOffline(false);
    await ann.waitForSelector(".composer-hint[data-offline]", { state: "detached" });
    await ann.waitForTimeout(1500); // what was missed is fetched
    await still("connection");
  });

  step(`${look}: a banner comes`, async () => {
    await signIn(stage, look === "light" ? spare : await stage.device("another"), "ann");
    await ann.waitForSelector(".banner-warning");
    await still("banner");
    const [banner, list] = await Promise.all([".banner-warning", ".timeline"].map((part) => ann.locator(part).boundingBox()));
    assert.ok(!wide || banner.x + banner.width <= list.x, "it stands beside what is read");
    assert.ok(banner.height < 120, `${banner.height} pixels`);
    if (wide) {
      await ann.click(".banner-warning >> text=Look at it");
      await ann.click(".card-attention button:has-text('Approve')");
      await ann.click(".dialog >> button:has-text('Yes, approve')");
      await spare.waitForSelector(".sidebar");
      await ann.goBack();
      await sees(ann, "line 11", "received");
    }
  });

  if (!wide) {
    step("phone: the banner goes, as it was decided on another device", async () => {
      await spare.goto(`${stage.url}/settings/devices`);
      await spare.click(".card-attention button:has-text('Reject')");
      await shiftsOf(ann);
      await spare.click(".dialog .button-danger");
      await ann.waitForSelector(".banner-warning", { state: "detached" });
      await still("banner away");
    });
  }
}

step("on a touch screen a message's menu shows when the message is tapped, and covers no words before", async () => {
  const touch = await stage.device("touch", { isMobile: true, hasTouch: true, viewport: { width: 390, height: 844 } });
  await signUp(stage, touch, "tom");
  await touch.tap("[aria-label='New conversation']");
  await touch.fill(".dialog input", "ann");
  await touch.keyboard.press("Enter");
  await touch.waitForSelector(".composer textarea");
  for (const text of ["first", "second"]) {
    await write(touch, text);
    await sees(touch, text, "sent");
  }
  const message = touch.locator(".timeline .message", { hasText: "second" });
  const seen = () => message.locator(".message-menu").evaluate((menu) => getComputedStyle(menu).opacity === "1");
  assert.equal(await seen(), false);
  await message.locator(".message-text").tap();
  await until(seen, "the menu to be seen");
  await message.locator(".message-menu").tap();
  await touch.waitForSelector(".menu-item:visible");
});

step("the browser had nothing to complain about", () => {
  assert.deepEqual(stage.complaints, []);
});
