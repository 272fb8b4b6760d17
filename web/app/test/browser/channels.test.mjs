// A channel from its making to its last receipt: three people in browsers, a fourth at the command line.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { kLooks, portrayInto, setLook } from "./portrait.mjs";
import { kPassword, plaintextIn, sees, signUp, Stage, story, until, write } from "./stage.mjs";

const plain = { topic: "topic-nobody-may-find", root: "root-nobody-may-find", reply: "reply-nobody-may-find", edited: "edited-nobody-may-find",
  tooLate: "too-late-nobody-may-find", brief: "brief-nobody-may-find", late: "late-nobody-may-find", gone: "gone-nobody-may-find", cli: "cli-nobody-may-find", answer: "answer-nobody-may-find", newTopic: "other-topic-nobody-may-find" };
const found = [];
let stage;
let ann;
let bob;
before(async () => {
  stage = await Stage.open();
  [ann, bob] = await Promise.all(["ann", "bob"].map((name) => stage.device(name)));
  await Promise.all([signUp(stage, ann, "ann"), signUp(stage, bob, "bob")]);
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob }));

const message = (page, text, scope = ".timeline") => page.locator(`${scope} .message`, { hasText: text }).last();
async function openMenu(page, text) {
  const button = message(page, text).locator(".message-menu");
  await button.hover(); // the menu is made when the button is first reached
  await message(page, text).locator(".message-menu[aria-expanded]").click();
}
async function choose(page, text, item) {
  await openMenu(page, text);
  await page.click(`.menu-item:has-text("${item}"):visible`);
}

step("a public channel is made, found in the directory and joined", async () => {
  await ann.click(".sidebar-links a:has-text('Channels')");
  await ann.click("button:has-text('New channel')");
  await ann.fill(".dialog input[maxlength]", "news");
  await ann.click(".dialog label:has-text('Everybody in the organisation')");
  await ann.fill(".dialog label:has-text('Topic') + .field-box input", plain.topic);
  await ann.click(".dialog button:has-text('Create')");
  await ann.waitForSelector(".conversation-title >> text=news");
  await ann.waitForSelector(".timeline-start >> text=the server knows the channel's name");
  await ann.waitForSelector(`.conversation-topic >> text=${plain.topic}`);
  await bob.click(".sidebar-links a:has-text('Channels')");
  await bob.fill(".search-form input", "new");
  await bob.click(".channel-row:has-text('news') button:has-text('Join')");
  await bob.waitForSelector(".conversation-title >> text=2 members");
  await bob.waitForSelector(".conversation-title h2 >> text=news"); // from the directory: nobody has told the group's own yet
});

step("a mention is completed by its first letters, and marked", async () => {
  await ann.waitForSelector(".conversation-title >> text=2 members");
  await ann.fill(".composer textarea", "");
  await ann.locator(".composer textarea").pressSequentially("@b");
  await ann.keyboard.press("Enter");
  await ann.locator(".composer textarea").pressSequentially(plain.root);
  await ann.keyboard.press("Enter");
  await sees(ann, plain.root, "sent");
  await sees(bob, plain.root, "received");
  assert.equal(await message(bob, plain.root).locator(".mention").innerText(), "@bob");
});

step("it is read, and the sender is told by whom", async () => {
  await message(ann, plain.root).locator(".message-state-read").waitFor();
  await message(ann, plain.root).locator(".receipt").click();
  await ann.waitForSelector(".dialog .person >> text=bob");
  await ann.keyboard.press("Escape");
});

step("a reaction comes and goes", async () => {
  await openMenu(bob, plain.root);
  await bob.click(".menu-emoji >> nth=0");
  await message(ann, plain.root).locator(".reaction").waitFor();
  await message(bob, plain.root).locator(".reaction[aria-pressed=true]").click();
  await message(ann, plain.root).locator(".reaction").waitFor({ state: "detached" });
});

step("a thread: answered beside the timeline, counted in it, and in the list of threads", async () => {
  await choose(bob, plain.root, "Reply in thread");
  await bob.fill(".thread textarea", plain.reply);
  await bob.press(".thread textarea", "Enter");
  await message(bob, plain.reply, ".thread").waitFor();
  await message(ann, plain.root).locator(".thread-line >> text=1 reply").waitFor();
  assert.equal(await ann.locator(".timeline .message", { hasText: plain.reply }).count(), 0);
  await ann.click(".sidebar-links a:has-text('Threads')");
  const listed = ann.locator(".result", { hasText: plain.root });
  await listed.locator(".thread-who >> text=1 reply · bob").waitFor();
  assert.ok(Math.abs(Date.now() - Date.parse(await listed.locator("time").getAttribute("datetime"))) < 120_000, "its last reply is new");
  await portrayInto(found, ann, "thread-inbox", ["light", "dark", "phone"]);
  await setLook(ann, kLooks.phone);
  const [button, head, row] = await Promise.all([".list-screen [aria-label='Mark everything as read']", ".list-screen .conversation-head", ".thread-results .result"]
    .map((part) => ann.locator(part).first().boundingBox()));
  assert.ok(button.width < head.width / 4, "on a phone the button leaves the title its room");
  assert.ok(row.y >= head.y + head.height + 8, "the first row keeps its distance");
  await setLook(ann, kLooks.light);
  await ann.click(`.result:has-text("${plain.root}")`);
  await message(ann, plain.reply, ".thread").waitFor();
  await ann.click(".thread [aria-label=Close]");
});

step("which threads are followed by themselves is a rule, and another one in this channel", async () => {
  const followed = async () => {
    await ann.click(".sidebar-links a:has-text('Threads')");
    await ann.waitForSelector(".result, .empty");
    const count = await ann.locator(".result").count();
    await ann.click(".entry >> text=news");
    return count;
  };
  const inHere = async (rule) => {
    await ann.click("[aria-label='More about this conversation']");
    await ann.click(".menu-item:has-text('Threads to follow in here'):visible");
    await ann.waitForSelector(".dialog .choice-row");
    await portrayInto(found, ann, "follow-threads", ["light", "dark", "phone"]);
    await ann.click(`.dialog label:has-text("${rule}")`);
    await ann.waitForSelector(`.dialog label:has(:checked):has-text("${rule}")`);
    await ann.click(".dialog .dialog-actions button:has-text('Close')");
  };
  await ann.click(".entry >> text=news");
  await inHere("None");
  await until(async () => (await followed()) === 0, "no thread to be followed");
  await ann.goto(`${stage.url}/settings/notifications`);
  const replies = ann.locator("label:has-text('Follow threads that I write in')");
  const box = ann.getByRole("switch", { name: "Follow threads that I write in" });
  await until(async () => (await box.isEnabled()) && (await box.isChecked()), "the rule to be shown");
  await portrayInto(found, ann, "settings-threads", ["light", "dark", "phone"]);
  await replies.click();
  await until(async () => !(await box.isChecked()), "the rule to be changed");
  await ann.click(".entry >> text=news");
  await inHere("As everywhere: That mention me");
  assert.equal(await followed(), 0, "she wrote the root, and is not mentioned");
  await ann.goto(`${stage.url}/settings/notifications`);
  await until(async () => box.isEnabled(), "the rule to be shown");
  await replies.click();
  await until(async () => box.isChecked(), "the rule to be changed");
  await until(async () => (await followed()) === 1, "the thread to be followed again");
});

step("typing is shown", async () => {
  await bob.click(".thread [aria-label=Close]");
  // It is throttled: what was typed in the thread a moment ago counts.
  const told = ann.waitForSelector(".composer-hint >> text=bob is writing").then(() => true);
  told.catch(() => undefined);
  let seen = false;
  void told.then(() => (seen = true), () => (seen = true));
  while (!seen) {
    await bob.locator(".composer textarea").pressSequentially("h");
    await bob.waitForTimeout(500);
  }
  assert.ok(await told);
  // And that it is over, long before it would be forgotten by itself.
  await bob.fill(".composer textarea", "");
  await ann.waitForSelector(".composer-hint >> text=bob is writing", { state: "detached", timeout: 3000 });
});

step("an edit by the arrow key, and a deletion that leaves a tombstone", async () => {
  await write(ann, plain.late);
  await sees(ann, plain.late, "sent");
  await ann.press(".composer textarea", "ArrowUp");
  await until(async () => (await ann.inputValue(".composer textarea")) === plain.late, "the text to be changed");
  await write(ann, plain.edited);
  await message(bob, plain.edited).locator(".edited").waitFor();
  await write(ann, plain.gone);
  await sees(bob, plain.gone, "received");
  await choose(ann, plain.gone, "Delete");
  await ann.click(".dialog button:has-text('Delete')");
  await bob.waitForSelector(".tombstone");
  assert.equal(await bob.locator(`.timeline >> text=${plain.gone}`).count(), 0);
});

step("the time to edit is over: what was typed stays, and the item goes away by itself", async () => {
  const password = join(stage.root, "password");
  writeFileSync(password, `${kPassword}\n`);
  await stage.cli("root", "register", "--username", "root", "--password-file", password, "--invite", stage.setupLink.split("#")[1]);
  await write(ann, plain.late);
  await sees(ann, plain.late, "sent");
  await ann.press(".composer textarea", "ArrowUp");
  await until(async () => (await ann.inputValue(".composer textarea")) === plain.late, "the text to be changed");
  await ann.fill(".composer textarea", plain.tooLate);
  await stage.cli("root", "policy", "--edit-window", "1");
  await ann.waitForTimeout(3500); // the browsers have been told by now, which must not take what was typed
  await write(ann, plain.tooLate);
  await ann.waitForSelector(".composer [role=alert] >> text=The time in which messages can be changed is over.");
  assert.equal(await ann.inputValue(".composer textarea"), plain.tooLate);
  assert.ok(await ann.locator(".composer-editing").isVisible());
  await ann.press(".composer textarea", "Escape");
  assert.equal(await ann.inputValue(".composer textarea"), "");
  const edit = ann.locator(".menu-item:has-text('Edit'):visible");
  const items = async (text) => {
    await openMenu(ann, text);
    await ann.waitForSelector(".menu-item:has-text('Delete'):visible");
    return edit.count();
  };
  assert.equal(await items(plain.late), 0); // what is now known of the organisation counts
  await ann.keyboard.press("Escape");
  // A menu that is open shows what holds from now on.
  assert.equal(await items(plain.late), 0);
  await stage.cli("root", "policy", "--edit-window", "300");
  await edit.waitFor();
  await stage.cli("root", "policy", "--edit-window", "1");
  await edit.waitFor({ state: "detached" });
  await ann.keyboard.press("Escape");
  await ann.press(".composer textarea", "ArrowUp");
  assert.equal(await ann.locator(".composer-editing").count(), 0);
  await stage.cli("root", "policy", "--edit-window", "8");
  await ann.reload();
  await ann.waitForSelector(".link-online");
  await write(ann, plain.brief);
  await sees(ann, plain.brief, "sent");
  await until(async () => {
    const offered = (await edit.count()) > 0 || (await items(plain.brief)) > 0;
    if (!offered) {
      await ann.keyboard.press("Escape");
    }
    return offered;
  }, "the item to be offered");
  await edit.waitFor({ state: "detached" });
  assert.ok(await ann.locator(".menu-item:has-text('Delete'):visible").count() > 0, "the menu is still open");
  await ann.keyboard.press("Escape");
  await ann.press(".composer textarea", "ArrowUp");
  assert.equal(await ann.locator(".composer-editing").count(), 0);
  await stage.cli("root", "policy", "--edit-window", "300");
});

step("a reaction that is refused is told", async () => {
  const archive = async (action, rule) => {
    await ann.click("[aria-label='More about this conversation']");
    await ann.click(".menu-item:has-text('Settings of the channel'):visible");
    await ann.click(".dialog .tab:text-is('Rules')");
    await ann.click(`.dialog button:has-text('${action}')`);
    await bob.waitForSelector(rule);
    await ann.keyboard.press("Escape");
  };
  await archive("Archive", ".composer-closed >> text=This channel is archived");
  await message(bob, plain.root).locator(".thread-line").click();
  await bob.waitForSelector(".thread .composer-closed >> text=This channel is archived"); // as closed as the channel
  assert.equal(await bob.locator(".thread textarea").count(), 0);
  await portrayInto(found, bob, "thread-archived", ["light", "dark", "phone"]);
  await bob.click(".thread [aria-label=Close]");
  await openMenu(bob, plain.root);
  await bob.click(".menu-emoji >> nth=0");
  await bob.waitForSelector(".banner >> text=Your reaction was not taken.");
  await bob.click(".banner button:has-text('Dismiss')");
  await bob.waitForSelector(".banner", { state: "detached" });
  await archive("Restore", ".composer textarea");
});

step("somebody at the command line joins, reads and writes", async () => {
  const password = join(stage.root, "password");
  writeFileSync(password, `${kPassword}\n`);
  await stage.cli("carla", "register", "--username", "carla", "--password-file", password);
  await stage.cli("carla", "channel", "join", "news");
  await ann.waitForSelector(".conversation-title >> text=3 members");
  await stage.cli("carla", "send", "#news", plain.cli);
  await sees(ann, plain.cli, "received");
  await sees(bob, plain.cli, "received");
  assert.equal(await message(bob, plain.cli).locator(".message-name").innerText(), "carla");
});

step("search finds what stands there now, and leads to it", async () => {
  await bob.click(".sidebar-links a:has-text('Search')");
  await bob.fill("[role=search] input[type=search]", "edited-nobody");
  await bob.keyboard.press("Enter");
  await bob.click(`.result:has-text("${plain.edited}")`);
  await bob.waitForSelector(`.message[data-focused] >> text=${plain.edited}`);
  await bob.waitForSelector(".message[data-focused]:focus"); // the keyboard goes on from there
});

step("a quotation leads to what it answers", async () => {
  await bob.click(".entry >> text=news");
  await choose(bob, plain.cli, "Quote");
  await bob.waitForSelector(".composer .quotation >> text=carla");
  await write(bob, plain.answer);
  await message(ann, plain.answer).locator(".quotation").waitFor();
  assert.match(await message(ann, plain.answer).locator(".quotation").innerText(), new RegExp(`carla\\s+${plain.cli}`));
  await message(ann, plain.answer).locator(".quotation").click();
  await ann.waitForSelector(`.message[data-focused] >> text=${plain.cli}`);
});

step("a conversation is muted, and a mention still counts where mentions do", async () => {
  const badge = ann.locator(".entry", { hasText: "news" }).locator(".badge");
  await ann.fill(".composer textarea", "/mute");
  await ann.press(".composer textarea", "Enter");
  await ann.waitForSelector(".entry:has-text('news') .entry-level");
  await ann.click(".sidebar-links a:has-text('Search')");
  await write(bob, "nobody is told");
  await ann.waitForSelector(".entry-preview >> text=nobody is told");
  assert.equal(await badge.count(), 0);
  await ann.click(".entry >> text=news");
  await ann.click("[aria-label='More about this conversation']");
  await ann.click(".menu-item:has-text('Mentions only')");
  await ann.click(".sidebar-links a:has-text('Search')");
  await write(bob, "still nobody");
  await ann.waitForSelector(".entry-preview >> text=still nobody");
  assert.equal(await badge.count(), 0);
  await write(bob, "@ann look");
  await badge.waitFor();
  assert.match(await badge.innerText(), /^@\d/);
});

step("what begins with a slash is a command, a text, or a reason", async () => {
  await ann.click(".entry >> text=news");
  await ann.fill(".composer textarea", "/nonsense");
  await ann.press(".composer textarea", "Enter");
  await ann.waitForSelector(".composer [role=alert] >> text=There is no command /nonsense");
  assert.equal(await ann.inputValue(".composer textarea"), "/nonsense");
  await write(ann, "//etc/passwd");
  await sees(bob, "/etc/passwd", "received");
  await ann.fill(".composer textarea", "/top");
  await ann.press(".composer textarea", "Tab");
  assert.equal(await ann.inputValue(".composer textarea"), "/topic ");
  await ann.locator(".composer textarea").pressSequentially(plain.newTopic);
  await ann.press(".composer textarea", "Enter");
  await bob.waitForSelector(`.conversation-topic >> text=${plain.newTopic}`);
  await ann.fill(".composer textarea", `/day ${new Date().toISOString().slice(0, 10)}`);
  await ann.press(".composer textarea", "Enter");
  await ann.waitForSelector(`.message[data-focused] >> text=${plain.root}`);
});

step("what was written is nowhere in the server's files, and the browser had nothing to complain about", () => {
  assert.deepEqual(plaintextIn(stage.data, "ann", Object.values(plain)), []);
  assert.deepEqual(found, [], "axe");
  assert.deepEqual(stage.complaints, []);
});
