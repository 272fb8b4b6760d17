// Every screen, in both themes, high contrast, on a phone and in German: drawn into build/screenshots, checked by axe.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { kLooks, portrayInto, setLook } from "./portrait.mjs";
import { kPassword, kShotFolder, openConversation, sees, signIn, signUp, Stage, story, write } from "./stage.mjs";

let stage;
let ann;
let bob;
let spare;
before(async () => {
  stage = await Stage.open();
  [ann, bob, spare] = await Promise.all(["ann", "bob", "spare"].map((name) => stage.device(name)));
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob, spare }));

const found = [];
const portray = (page, name, looks) => portrayInto(found, page, name, looks);

step("sign in and sign up, with their errors", async () => {
  await ann.goto(`${stage.url}/sign-in`);
  await ann.waitForSelector("form");
  await portray(ann, "sign-in");
  await ann.click("button[type=submit]");
  await ann.waitForSelector(".field-problem");
  await portray(ann, "sign-in-problem", ["light", "dark"]);
  await ann.click(".enter-other a");
  await ann.waitForSelector("[name=invitation]");
  await portray(ann, "sign-up");
});

step("the first look after signing up", async () => {
  await ann.goto("about:blank"); // else the link differs from the page in its fragment alone, and nothing is loaded
  await signUp(stage, ann, "ann.lindqvist", stage.setupLink);
  await signUp(stage, bob, "bob");
  await portray(ann, "welcome");
});

step("a conversation with everything that people write", async () => {
  await openConversation(ann, "bob");
  await portray(ann, "conversation-empty", ["light"]);
  await write(ann, "Good morning! The **review of the gateway** is at ten. Could you bring the figures?");
  await sees(ann, "Good morning!", "sent");
  await bob.click(".entry");
  await sees(bob, "Good morning!", "received");
  await write(bob, "Sure. From last night's run:\n\n- 13,100 messages a second\n- p99 at `4.2 ms`\n\nThat is *before* the new journal.");
  await write(bob, "> Could you bring the figures?\n\nThey are at https://example.org/bench/latest, with the command:");
  await write(bob, "```\nunhidra-bench chat --people 1000 --seconds 60\n```");
  await sees(ann, "unhidra-bench");
  await write(ann, "Perfect, thank you. I'll send the agenda around.");
  await sees(ann, "Perfect", "sent");
  await portray(ann, "conversation");
});

step("dialogs", async () => {
  await ann.click(".trust");
  await ann.waitForSelector(".qr");
  await portray(ann, "verify");
  await ann.click(".dialog button:has-text('They do not match')");
  await portray(ann, "verify-mismatch", ["light", "dark"]);
  await ann.keyboard.press("Escape");
  await ann.keyboard.press("Control+k");
  await ann.waitForSelector(".palette-item");
  await portray(ann, "palette");
  await ann.keyboard.press("Escape");
  await ann.keyboard.press("Control+Shift+o");
  await ann.waitForSelector(".tab");
  await portray(ann, "new-conversation", ["light", "phone"]);
  await ann.click(".tab >> nth=1");
  await ann.fill(".add-person input", "bob");
  await ann.press(".add-person input", "Enter");
  await ann.waitForSelector(".chip");
  await portray(ann, "new-group");
  await ann.fill(".dialog input[maxlength]", "Release team");
  await ann.click(".dialog button:has-text('Create')");
  await ann.waitForSelector(".conversation-title >> text=2 members");
  await write(ann, "Hello everybody, this is where we plan the release.");
  await ann.click(".conversation-title button");
  await ann.waitForSelector(".person >> nth=1");
  await portray(ann, "members");
  await ann.keyboard.press("Escape");
  await ann.keyboard.press("Tab");
  await ann.click("h2"); // no field has the focus now
  await ann.keyboard.press("?");
  await ann.waitForSelector(".shortcut-list");
  await portray(ann, "shortcuts", ["light", "dark"]);
  await ann.keyboard.press("Escape");
  await ann.click("[aria-label=Emoji]");
  await ann.waitForSelector("[frimousse-emoji]:visible");
  await portray(ann, "emoji", ["light", "dark", "phone"]);
  await ann.keyboard.press("Escape");
});

step("channels, a thread, a quotation and files", async () => {
  await ann.click(".sidebar-links a:has-text('Channels')");
  await ann.waitForSelector(".empty, .results");
  await portray(ann, "channels-empty", ["light"]);
  await ann.click("button:has-text('New channel')");
  await ann.waitForSelector(".dialog input[maxlength]");
  await ann.fill(".dialog input[maxlength]", "gateway");
  await ann.click(".dialog label:has-text('Everybody in the organisation')");
  await ann.fill(".dialog label:has-text('Topic') + .field-box input", "Everything that listens on port 9000");
  await portray(ann, "new-channel");
  await ann.click(".dialog button:has-text('Create')");
  await ann.waitForSelector(".conversation-title >> text=gateway");
  await bob.click(".sidebar-links a:has-text('Channels')");
  await bob.click(".channel-row:has-text('gateway') button:has-text('Join')");
  await bob.waitForSelector(".conversation-title >> text=2 members");
  await write(ann, "The new journal is in. Who looks at the figures?");
  await sees(bob, "The new journal", "received");
  const first = bob.locator(".timeline .message", { hasText: "The new journal" }).first();
  const choose = async (item) => {
    await first.locator(".message-menu").hover();
    await first.locator(".message-menu[aria-expanded]").click();
    await bob.click(`.menu-item:has-text("${item}"):visible, .menu-emoji[aria-label="${item}"]:visible`);
  };
  await choose("React with 🎉");
  await choose("Quote");
  await bob.waitForSelector(".composer .quotation");
  await portray(bob, "quoting", ["light", "phone"]);
  await write(bob, "I do, after lunch.");
  await sees(ann, "I do, after lunch", "received");
  await choose("Reply in thread");
  await bob.fill(".thread textarea", "Syncs went down by two thirds.");
  await bob.press(".thread textarea", "Enter");
  await bob.locator(".thread .message", { hasText: "two thirds" }).waitFor();
  await portray(bob, "thread");
  await ann.setInputFiles(".composer input[type=file]", [
    { name: "figures of last night.csv", mimeType: "text/csv", buffer: Buffer.from("rate,p99\n13100,4.2\n") },
    { name: "journal.png", mimeType: "image/png", buffer: readFileSync(join(kShotFolder, "welcome-light.png")) },
  ]);
  await ann.waitForSelector(".chosen-file img");
  await portray(ann, "files-chosen");
  await write(ann, "The figures, and how it looks:");
  await ann.waitForSelector(".sending", { state: "detached", timeout: 60_000 });
  await ann.waitForSelector(".picture img");
  await portray(ann, "channel");
  await ann.click(".picture");
  await ann.waitForSelector(".picture-whole img");
  await portray(ann, "picture");
  await ann.keyboard.press("Escape");
  await ann.click("[aria-label='More about this conversation']");
  await ann.waitForSelector(".menu-item:visible");
  await portray(ann, "conversation-menu", ["light", "dark", "phone"]);
  await ann.click(".menu-item:has-text('Jump to a day')");
  await ann.waitForSelector(".dialog input[type=date]");
  await portray(ann, "day", ["light", "dark"]);
  await ann.keyboard.press("Escape");
  await ann.fill(".composer textarea", "/");
  await ann.waitForSelector(".suggestions");
  await portray(ann, "slash", ["light", "dark", "phone"]);
  await ann.fill(".composer textarea", "");
  await ann.click(".sidebar-links a:has-text('Channels')");
  await ann.waitForSelector(".channel-row");
  await portray(ann, "channels");
  await ann.click(".sidebar-links a:has-text('Threads')");
  await ann.waitForSelector(".result");
  await portray(ann, "threads");
  await ann.click(".sidebar-links a:has-text('Search')");
  await ann.fill("[role=search] input[type=search]", "figures");
  await ann.keyboard.press("Enter");
  await ann.waitForSelector(".result");
  await portray(ann, "search");
});

step("spaces, and what is set in a channel", async () => {
  const makeSpace = async (name, shot) => {
    await ann.click("button:has-text('New space')");
    await ann.fill(".dialog input[maxlength]", name);
    if (shot) {
      await portray(ann, shot);
    }
    await ann.click(".dialog button:has-text('Create')");
    await ann.waitForSelector(`.conversation-head h2:has-text("${name}")`);
  };
  await ann.click(".sidebar-links a:has-text('Channels')");
  await makeSpace("Engineering", "new-space");
  await makeSpace("Server");
  await portray(ann, "space-empty", ["light", "phone"]);
  await ann.click("button:has-text('New channel')");
  await ann.fill(".dialog input[maxlength]", "releases");
  await ann.click(".dialog label:has-text('Everybody in the organisation')");
  await ann.click(".dialog button:has-text('Create')");
  await ann.waitForSelector(".conversation-title h2 >> text=releases");
  await ann.click(".sidebar-links a:has-text('Channels')");
  await ann.waitForSelector(".channel-row:has-text('Engineering')");
  await portray(ann, "spaces");
  await ann.click(".channel-row:has-text('Engineering')");
  await ann.click(".channel-row:has-text('Server')");
  await ann.waitForSelector(".channel-row:has-text('releases')");
  await portray(ann, "space");
  await ann.click("[aria-label='Settings of the space']");
  await ann.waitForSelector(".dialog .role-row");
  await portray(ann, "space-settings");
  await ann.keyboard.press("Escape");
  await ann.click(".channel-row:has-text('releases') a");
  await ann.click("[aria-label='More about this conversation']");
  await ann.click(".menu-item:has-text('Settings of the channel'):visible");
  for (const tab of ["About", "Rules", "Exceptions", "People"]) {
    await ann.click(`.dialog .tab:text-is("${tab}")`);
    await ann.waitForSelector(`.dialog .tab[aria-selected=true]:text-is("${tab}")`);
    await portray(ann, `channel-${tab.toLowerCase()}`);
  }
  await ann.keyboard.press("Escape");
  await ann.click(".conversation-title button");
  await ann.click("summary:has-text('If nobody can go on in here')");
  await ann.click(".dialog button:has-text('Begin anew')");
  await ann.waitForSelector(".bullets");
  await portray(ann, "reset", ["light", "dark", "phone"]);
  await ann.keyboard.press("Escape");
});

/** A Slack export as a folder: one channel of two people and a thread. */
function slackExport(folder) {
  const files = {
    "users.json": [["U1", "ann.lindqvist", "Ann Lindqvist"], ["U2", "rosa", "Rosa Keller"]].map(([id, name, real_name]) => ({ id, name, profile: { real_name } })),
    "channels.json": [{ id: "C1", name: "lab-notes", members: ["U1", "U2"], topic: { value: "what was measured" } }],
    "lab-notes/2024-03-01.json": [
      { type: "message", user: "U2", ts: "1709280000.000100", thread_ts: "1709280000.000100", text: "*Run 7* is through: `0.93` at the second sensor, see <https://example.org/run/7|the log>.",
        reactions: [{ name: "tada", users: ["U1", "U2"], count: 2 }, { name: "eyes", users: ["U1"], count: 1 }] },
      { type: "message", user: "U1", ts: "1709280300.000200", thread_ts: "1709280000.000100", text: "So the cable it was." },
      { type: "message", user: "U1", ts: "1709283600.000300", text: "Next one on Monday, <@U2>?" },
    ],
  };
  mkdirSync(join(folder, "lab-notes"), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), JSON.stringify(content));
  }
  return folder;
}

step("messages that were brought along from elsewhere say so", async () => {
  writeFileSync(join(stage.root, "password"), `${kPassword}\n`);
  await stage.cli("carla", "register", "--username", "carla.ops", "--password-file", join(stage.root, "password"));
  await stage.cli("carla", "import", "slack", slackExport(join(stage.root, "export")), "--bring-in");
  await ann.click(".entry >> text=lab-notes");
  await sees(ann, "Next one on Monday", "received");
  const [first] = await ann.locator(".message", { hasText: "Run 7" }).allInnerTexts();
  assert.match(first, /carla\.ops[\s\S]*Written by Rosa Keller in Slack, .*2024/, "the sender first, the named author after");
  assert.equal(await ann.locator(".reaction-imported").count(), 2);
  await portray(ann, "imported");
});

step("a second device that waits, and the settings", async () => {
  await signIn(stage, spare, "ann.lindqvist");
  await portray(spare, "pending");
  await ann.waitForSelector(".banner-warning");
  await portray(ann, "device-banner", ["light", "dark"]);
  await ann.click(".banner a");
  await ann.waitForSelector(".device >> nth=1");
  await portray(ann, "devices");
  await ann.click(".card-attention button:has-text('Approve')");
  await portray(ann, "approve", ["light", "dark", "phone"]);
  await ann.click(".dialog >> button:has-text('Yes, approve')");
  await spare.waitForSelector(".sidebar");
  await spare.goto(`${stage.url}/settings/devices`);
  await spare.click("button:has-text('Get its older messages')");
  await spare.waitForSelector(".transfer .digits");
  await portray(spare, "older-messages-code");
  await ann.waitForSelector(".transfer input");
  await portray(ann, "older-messages-type");
  for (const section of ["profile", "appearance", "notifications", "about"]) {
    await ann.click(`.settings-nav a[href$=${section}]`);
    await portray(ann, `settings-${section}`);
  }
});

step("no connection", async () => {
  await ann.context().setOffline(true);
  await ann.waitForSelector(".link-offline");
  await ann.click(".entry >> text=bob");
  await write(ann, "This one waits for the connection.");
  await sees(ann, "This one waits", "queued");
  await portray(ann, "offline");
  await ann.context().setOffline(false);
  await sees(ann, "This one waits", "sent");
});

step("German, and a language that is written from the right", async () => {
  await ann.goto(`${stage.url}/settings/appearance`);
  await ann.click("label:has-text('Deutsch')");
  await ann.waitForSelector("h2:has-text('Einstellungen')");
  await portray(ann, "german-settings", ["light", "phone"]);
  await ann.click(".entry >> text=bob");
  await portray(ann, "german", ["light", "phone"]);
  await ann.evaluate(() => {
    document.documentElement.dir = "rtl";
  });
  await portray(ann, "from-the-right", ["light", "phone"]);
});

step("neither axe nor the browser found anything", () => {
  assert.deepEqual(found, []);
  assert.deepEqual(stage.complaints, []);
});
