// Without a mouse: from the sign-up to a verified conversation, by keys alone, and the focus is always seen.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { kPassword, sees, signUp, Stage, story, until } from "./stage.mjs";

let stage;
let ann;
let bob;
before(async () => {
  stage = await Stage.open();
  [ann, bob] = await Promise.all([stage.device("ann"), stage.device("bob")]);
  await signUp(stage, bob, "bob");
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob }));

const focused = (page) => page.evaluate(() => {
  const element = document.activeElement === document.body ? null : document.activeElement;
  const look = element && getComputedStyle(element);
  const box = element?.closest(".field-box, .composer-box, .sidebar-search");
  return {
    name: element?.getAttribute("aria-label") || element?.labels?.[0]?.textContent || element?.textContent?.trim() || "",
    ring: look?.outlineStyle !== "none" || (box ? getComputedStyle(box).outlineStyle !== "none" : false)
      || (element.matches(".menu-item[data-active-item]") && look.backgroundColor !== "rgba(0, 0, 0, 0)"), // a menu's chosen row
  };
});

/** Presses the key until what has the focus is called so; every stop on the way has to be seen. */
async function walkTo(page, name, key = "Tab", most = 40) {
  for (let at = 0; at < most; ++at) {
    const { name: here, ring } = await focused(page);
    if (here.includes(name)) {
      assert.ok(ring, `the focus on "${here}" is seen`);
      return;
    }
    await page.keyboard.press(key);
  }
  throw new Error(`no way to "${name}" by ${key}`);
}

step("sign up", async () => {
  await ann.goto(`${stage.url}/sign-up`);
  await walkTo(ann, "User name");
  await ann.keyboard.type("ann");
  await walkTo(ann, "Password");
  await ann.keyboard.type(kPassword);
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".link-online");
});

step("start a conversation and write", async () => {
  await walkTo(ann, "New conversation");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".dialog");
  await until(async () => { const { name } = await focused(ann); return name.includes("User name") || name; }, "the focus in the dialog");
  await ann.keyboard.type("bob");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".composer");
  await until(async () => { const { name } = await focused(ann); return name.includes("Message to bob") || name; }, "the focus in the message field");
  await ann.keyboard.type("first line");
  await ann.keyboard.press("Shift+Enter");
  await ann.keyboard.type("second line");
  await ann.keyboard.press("Enter");
  await sees(ann, "second line", "sent");
});

step("a dialog keeps the focus, and gives it back", async () => {
  await walkTo(ann, "Not verified", "Shift+Tab");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".qr");
  for (let at = 0; at < 8; ++at) {
    await ann.keyboard.press("Tab");
    // In the dialog, or in the browser's own controls: never on the page behind.
    const behind = await ann.evaluate(() => document.activeElement.closest(".shell")?.className ?? "");
    assert.equal(behind, "", "the focus stays in the dialog");
  }
  await walkTo(ann, "They match");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".dialog .banner-success");
  await ann.keyboard.press("Escape");
  await until(async () => { const { name } = await focused(ann); return name.includes("Verified") || name; }, "the focus where it was");
});

step("a message's menu by keys", async () => {
  await walkTo(ann, "What to do with this message");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".menu-item");
  await until(async () => { const { name } = await focused(ann); return name.includes("Copy text") || name; }, "the focus in the menu");
  await ann.keyboard.press("Enter");
  assert.equal(await ann.evaluate(() => navigator.clipboard.readText()), "first line\nsecond line");
});

step("the palette goes anywhere, and shortcuts walk through conversations", async () => {
  await ann.keyboard.press("Control+k");
  await ann.waitForSelector(".palette-item");
  await ann.keyboard.type("devi");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".device");
  await ann.keyboard.press("Control+k");
  await ann.waitForSelector(".palette-item");
  await ann.keyboard.type("bo");
  await until(async () => (await ann.locator(".palette-item[data-active-item]").innerText()).includes("bob"), "bob to be chosen");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".composer");
  await ann.keyboard.press("Control+,");
  await ann.waitForSelector(".settings");
  await ann.keyboard.press("Alt+ArrowDown");
  await ann.waitForSelector(".composer");
  await ann.keyboard.press("Control+Shift+f");
  await until(async () => { const { name } = await focused(ann); return name.includes("Search") || name; }, "the focus in the search");
});

step("Escape leads back to the message field", async () => {
  await ann.keyboard.press("Escape");
  await until(async () => { const { name } = await focused(ann); return name.includes("Message to bob") || name; }, "the focus in the message field");
});

const isOn = (name) => ann.getByRole("switch", { name }).isChecked();
/** The switch under the focus, by its key. */
async function turn(name) {
  await walkTo(ann, name);
  const before = await isOn(name);
  await ann.keyboard.press("Space");
  await until(async () => (await isOn(name)) !== before, `"${name}" to be turned`);
}

step("who is online is switched by keys", async () => {
  await ann.keyboard.press("Control+,");
  await ann.waitForSelector(".settings");
  await turn("Show others when I am online");
  await turn("Show others when I am online");
});

step("a channel is made by keys, and what newcomers read and members may do is set there", async () => {
  await walkTo(ann, "Channels", "Shift+Tab");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector("button:has-text('New channel')");
  await walkTo(ann, "New channel");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".dialog");
  await walkTo(ann, "Name of the channel");
  await ann.keyboard.type("by-keys");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".conversation-title h2 >> text=by-keys");
  await walkTo(ann, "More about this conversation", "Shift+Tab");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".menu-item:visible");
  await walkTo(ann, "Settings of the channel", "ArrowDown");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".dialog .tab");
  await turn("Newcomers may read what was written before");
  await walkTo(ann, "About", "Shift+Tab");
  await walkTo(ann, "Exceptions", "ArrowRight");
  await walkTo(ann, "Members: write");
  await ann.keyboard.press("ArrowDown");
  await ann.waitForSelector("[aria-label='Members: write'][data-changed]");
  await ann.keyboard.press("Escape");
  await ann.waitForSelector(".dialog", { state: "detached" });
});

step("the browser had nothing to complain about", () => {
  assert.deepEqual(stage.complaints, []);
});
