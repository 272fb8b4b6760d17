// Receipts of a large channel, and what an organisation decides: a crowd from the load tool, one person and an administrator in browsers.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { kBin, sees, signUp, Stage, story, until, write } from "./stage.mjs";

const kCrowd = 54;
const kUnlimited = ["messages_per_connection", "open_per_ip", "prekey_fetch_per_connection", "prekey_fetch_per_target", "prekey_fetch_per_user",
  "reads_per_ip", "reads_per_user", "requests_per_connection", "writes_per_ip", "writes_per_user", "login_per_account"];
let stage;
let ann;
let root;
let crowd;
before(async () => {
  stage = await Stage.open({ "auth.password_memory": "8KiB", ...Object.fromEntries(kUnlimited.map((name) => [`limits.${name}`, "off"])) });
  [ann, root] = await Promise.all(["ann", "root"].map((name) => stage.device(name)));
  await signUp(stage, root, "root", stage.setupLink);
  await signUp(stage, ann, "ann");
  crowd = spawn(join(kBin, "unhidra-bench"), ["channel", "--server", stage.auth, "--ca", join(stage.data, "ca.pem"), "--members", String(kCrowd),
    "--clients", "1", "--processes", "1", "--duration", "300", "--messages-per-second", "0", "--receipts"], { stdio: "ignore" });
});
after(async () => {
  crowd?.kill("SIGKILL");
  await stage?.close();
});
const step = story(test, () => ({ ann, root }));

const tick = (page, text) => page.locator(".timeline .message", { hasText: text }).last().locator(".receipt");

step("in a large channel the tick says how many have read it", async () => {
  await until(async () => {
    await ann.goto(`${stage.url}/channels`);
    await ann.waitForSelector(".link-online");
    return ann.locator(".channel-row:has-text('load')").first().isVisible();
  }, "the crowd's channel");
  await ann.click(".channel-row:has-text('load') button:has-text('Join')");
  await ann.waitForSelector(".conversation-title >> text=/\\d+ members/");
  await write(ann, "how many of you read this?");
  await sees(ann, "how many of you read this?", "sent");
  await until(async () => {
    const label = (await tick(ann, "how many").count()) > 0 && (await tick(ann, "how many").locator("svg").getAttribute("aria-label"));
    const [, read, delivered, people] = /^Read by (\d+), delivered to (\d+), of (\d+) who tell$/.exec(label || "")?.map(Number) ?? [];
    return (read > kCrowd / 2 && read <= delivered && delivered <= people) || `the tick says ${label}`;
  }, "most of the crowd to have read it", 60_000);
});

step("who has read it: numbers, and no names", async () => {
  await tick(ann, "how many").click();
  const dialog = ann.locator(".dialog");
  await dialog.waitFor();
  assert.match(await dialog.innerText(), /Read\s+\d+ of \d+\s+Delivered\s+\d+ of \d+/);
  assert.equal(await dialog.locator(".person").count(), 0);
  assert.equal(await dialog.getByRole("progressbar").count(), 2);
  await ann.keyboard.press("Escape");
});

step("what the administrator decides holds in open clients at once", async () => {
  await ann.goto(`${stage.url}/settings/profile`);
  const own = ann.getByRole("switch", { name: "Tell others what I have read" });
  await own.waitFor();
  assert.ok(await own.isEnabled());
  assert.equal(await ann.locator(".settings-nav a:has-text('Organisation')").count(), 0, "for administrators alone");
  await root.goto(`${stage.url}/settings`);
  await root.click(".settings-nav a:has-text('Organisation')");
  const receipts = root.getByRole("switch", { name: "People may tell what they have read" });
  const directory = root.getByRole("switch", { name: "People find everybody here" });
  assert.ok((await receipts.isChecked()) && (await directory.isChecked()));
  await receipts.click();
  await until(() => own.isDisabled(), "Ann's client to hear of it");
  await directory.click();
  await root.getByLabel("Messages may be changed for").selectOption({ label: "1 hour" });
  await root.reload();
  await root.waitForSelector(".link-online");
  await until(async () => !(await receipts.isChecked()) && !(await directory.isChecked()), "the server to have taken both");
  assert.equal(await root.getByLabel("Messages may be changed for").inputValue(), "3600");
  // Ann finds nobody any more with whom she shares nothing.
  await ann.keyboard.press("Control+Shift+O");
  await ann.fill(".dialog input", "roo");
  await ann.waitForTimeout(1000);
  assert.equal(await ann.locator(".dialog [role=option]:has-text('root')").count(), 0);
  await ann.keyboard.press("Escape");
  assert.deepEqual(stage.complaints, []);
});
