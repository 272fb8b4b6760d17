// Emoji of a conversation: two people in browsers, a third at the command line; pictures that are none; and what the server has of it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { after, before, test } from "node:test";
import { portrayInto } from "./portrait.mjs";
import { kPassword, makeChannel, plaintextIn, sees, signUp, Stage, story, until, write } from "./stage.mjs";

const kName = "nobody_may_find_parrot";
const kMoving = "nobody_may_find_blinker";
const kText = "text-nobody-may-find";
const found = [];
let stage;
let ann;
let bob;
before(async () => {
  stage = await Stage.open();
  [ann, bob] = await Promise.all([stage.device("ann"), stage.device("bob", { reducedMotion: "no-preference" })]);
  // The page's policy fetches no address of its own, so what an address stands for is noted where it is made.
  await Promise.all([ann, bob].map((page) => page.addInitScript(() => {
    const make = URL.createObjectURL;
    globalThis.kindOf = new Map();
    URL.createObjectURL = (content) => {
      const address = make.call(URL, content);
      globalThis.kindOf.set(address, content.type);
      return address;
    };
  })));
  await Promise.all([signUp(stage, ann, "ann"), signUp(stage, bob, "bob")]);
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob }));

const message = (page, text) => page.locator(".timeline .message", { hasText: text }).last();
const pixels = (page, scope) => page.locator(`${scope} img.custom-emoji`).first().evaluate((image) => image.decode().then(() => [image.naturalWidth, image.naturalHeight]));

/** PNG (RFC 2083): one colour that is seen, with what a camera would have written beside it. */
function png(side, [red, green, blue], note) {
  const crcs = Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; ++k) {
      c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    }
    return c >>> 0;
  });
  const crc = (bytes) => (bytes.reduce((c, byte) => crcs[(c ^ byte) & 0xff] ^ (c >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0;
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(data.length);
    const tail = Buffer.alloc(4);
    tail.writeUInt32BE(crc(body));
    return Buffer.concat([head, body, tail]);
  };
  const size = Buffer.alloc(13);
  size.writeUInt32BE(side, 0);
  size.writeUInt32BE(side, 4);
  size.set([8, 2, 0, 0, 0], 8);
  const middle = (side - 1) / 2;
  const rows = Array.from({ length: side }, (_, y) => Buffer.from([0, ...Array.from({ length: side }, (_, x) =>
    (x - middle) ** 2 + (y - middle) ** 2 < middle ** 2 ? [red, green, blue] : [255, 255, 255]).flat()]));
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), chunk("IHDR", size), chunk("tEXt", Buffer.from(`Comment\0${note}`)),
    chunk("IDAT", deflateSync(Buffer.concat(rows))), chunk("IEND", Buffer.alloc(0))]);
}

/** One colour for four pixels, without a dictionary (GIF89a, appendix F): a clear code before each, three bits a code. */
function gifPixels(colour) {
  const bits = [4, colour, 4, colour, 4, colour, 4, colour, 5].reduce((sum, code, at) => sum | (BigInt(code) << BigInt(3 * at)), 0n);
  return [0, 1, 2, 3].map((at) => Number((bits >> BigInt(8 * at)) & 255n));
}
/** GIF89a of two frames, 2 x 2 pixels: black, then white. */
const kBlinker = Buffer.from([
  ...Buffer.from("GIF89a"), 2, 0, 2, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x21, 0xff, 11, ...Buffer.from("NETSCAPE2.0"), 3, 1, 0, 0, 0,
  ...[0, 1].flatMap((colour) => [0x21, 0xf9, 4, 0, 20, 0, 0, 0, 0x2c, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 4, ...gifPixels(colour), 0]), 0x3b,
]);

async function openPanel(page) {
  await page.click("[aria-label='More about this conversation']");
  await page.click(".menu-item:has-text('Emoji of this conversation'):visible");
  await page.waitForSelector(".dialog .emoji-chosen");
}
async function choose(page, name, mimeType, buffer) {
  await page.setInputFiles(".dialog input[type=file]", { name, mimeType, buffer });
}

step("a channel, with somebody at the command line in it", async () => {
  await makeChannel(ann, bob, "aviary");
  writeFileSync(join(stage.root, "password"), `${kPassword}\n`);
  await stage.cli("carla", "register", "--username", "carla", "--password-file", join(stage.root, "password"));
  await stage.cli("carla", "channel", "join", "aviary");
  await ann.waitForSelector(".conversation-title >> text=3 members");
});

step("what is no picture, or moves and is too large, is refused with a reason", async () => {
  await openPanel(ann);
  await portrayInto(found, ann, "emoji-panel-empty", ["light", "phone"]);
  await choose(ann, "x.svg", "image/svg+xml", Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"));
  await ann.waitForSelector(".dialog [role=alert] >> text=This picture cannot be an emoji");
  const wide = Buffer.from(kBlinker);
  wide.writeUInt16LE(300, 6);
  await choose(ann, "wide.gif", "image/gif", wide);
  await ann.waitForSelector(".dialog [role=alert] >> text=This picture cannot be an emoji");
  assert.equal(await ann.locator(".emoji-chosen img").count(), 0);
});

step("a picture gets a name and is brought to all", async () => {
  await choose(ann, `${kName}.png`, "image/png", png(300, [20, 140, 60], "written by the camera"));
  await ann.waitForSelector(".emoji-chosen img");
  assert.equal(await ann.inputValue(".dialog .field-box input"), kName);
  await portrayInto(found, ann, "emoji-panel", ["light", "dark", "phone"]);
  await ann.click(".dialog button[type=submit]");
  await ann.waitForSelector(`.dialog .person >> text=:${kName}:`);
  await ann.keyboard.press("Escape");
  await bob.waitForSelector(`.message-brought >> text=:${kName}:`);
  assert.deepEqual(await pixels(bob, ".message-brought"), [128, 128], "scaled");
});

step("it stands in texts, completed by its first letters, and alone it is large", async () => {
  await bob.locator(".composer textarea").pressSequentially(`${kText} :nob`);
  await bob.waitForSelector(`.suggestions [role=option] >> text=:${kName}:`);
  await bob.keyboard.press("Enter");
  await bob.keyboard.press("Enter");
  await sees(ann, kText, "received");
  const drawn = message(ann, kText).locator("img.custom-emoji");
  await drawn.waitFor();
  assert.equal(await drawn.getAttribute("alt"), `:${kName}:`);
  await write(ann, `:${kName}:`);
  await bob.locator(".only-emoji img.custom-emoji").waitFor();
  await write(ann, `code: \`:${kName}:\``);
  await sees(bob, "code:", "received");
  assert.equal(await message(bob, "code:").locator("img").count(), 0, "code stays as it is written");
});

step("a reaction with it comes from the list of emoji, is joined and taken back", async () => {
  await message(ann, kText).locator(".message-menu").hover();
  await message(ann, kText).locator(".message-menu[aria-expanded]").click();
  await ann.click(".menu-item:has-text('React'):visible");
  await ann.waitForSelector(".dialog [frimousse-emoji]:visible");
  await portrayInto(found, ann, "emoji-picker-own", ["light", "dark", "phone"]);
  await ann.click(`.emoji-own button[aria-label=":${kName}:"]`);
  const chip = message(bob, kText).locator(".reaction");
  await chip.locator("img.custom-emoji").waitFor();
  await chip.click();
  await until(async () => /2/.test(await message(ann, kText).locator(".reaction").innerText()), "two who reacted");
  await portrayInto(found, ann, "emoji-shown", ["light", "dark", "phone"]);
  await chip.click();
  await until(async () => /1/.test(await message(ann, kText).locator(".reaction").innerText()), "one who reacted");
});

step("at the command line it is its name, and is reacted with by it", async () => {
  const said = await stage.cli("carla", "listen", "--once", "--timeout", "20");
  assert.match(said, new RegExp(`brings the emoji :${kName}:`));
  assert.match(await stage.cli("carla", "emoji", "#aviary"), new RegExp(`:${kName}:  brought by ann`));
  await stage.cli("carla", "send", "#aviary", `from the terminal :${kName}:`);
  await sees(ann, "from the terminal", "received");
  await message(ann, "from the terminal").locator("img.custom-emoji").waitFor();
  await stage.cli("carla", "react", "#aviary", "last", `:${kName}:`);
  await message(ann, "from the terminal").locator(".reaction img.custom-emoji").waitFor();
});

step("one is brought and taken back at the command line, too", async () => {
  writeFileSync(join(stage.root, "Blue Dot.png"), png(300, [20, 20, 200], "written by the camera"));
  await stage.cli("carla", "emoji", "#aviary", "--add", join(stage.root, "Blue Dot.png"));
  await ann.waitForSelector(".message-brought >> text=:blue_dot:");
  assert.deepEqual(await ann.locator(".message-brought", { hasText: ":blue_dot:" }).locator("img.custom-emoji")
    .evaluate((image) => image.decode().then(() => [image.naturalWidth, image.naturalHeight])), [128, 128]);
  await stage.cli("carla", "emoji", "#aviary", "--remove", "blue_dot");
  await ann.locator(".message-brought", { hasText: ":blue_dot:" }).waitFor({ state: "detached" });
});

step("one that moves stands still where less motion is asked for", async () => {
  await openPanel(bob);
  await choose(bob, "blinker.gif", "image/gif", kBlinker);
  await bob.waitForSelector(".emoji-chosen img");
  await bob.fill(".dialog .field-box input", kMoving);
  await bob.click(".dialog button[type=submit]");
  await bob.waitForSelector(`.dialog .person >> text=:${kMoving}:`);
  await bob.keyboard.press("Escape");
  await ann.waitForSelector(`.message-brought >> text=:${kMoving}:`);
  const kind = (page) => page.locator(".message-brought", { hasText: kMoving }).locator("img").evaluate((image) => globalThis.kindOf.get(image.src));
  assert.equal(await kind(bob), "image/gif");
  assert.equal(await kind(ann), "image/png", "she asks for less motion");
});

step("a name is given once, and who brought one takes it back", async () => {
  await openPanel(bob);
  await choose(bob, "other.png", "image/png", png(40, [200, 0, 0], ""));
  await bob.waitForSelector(".emoji-chosen img"); // until then the picture's own name may come
  await bob.fill(".dialog .field-box input", kName);
  await bob.click(".dialog button[type=submit]");
  await bob.waitForSelector(".dialog [role=alert] >> text=There is an emoji of this name here already.");
  assert.equal(await bob.locator(`.dialog [aria-label="Take back :${kName}:"]`).count(), 0, "it is not his");
  await bob.keyboard.press("Escape");
  await openPanel(ann);
  await ann.click(`.dialog [aria-label="Take back :${kName}:"]`);
  await ann.locator(".dialog .person", { hasText: kName }).waitFor({ state: "detached" });
  await ann.keyboard.press("Escape");
  await bob.waitForSelector(".tombstone");
  await bob.reload();
  await sees(bob, kText);
  await bob.waitForSelector(".composer textarea");
  await bob.locator(".composer textarea").pressSequentially(":nobody_may_find_p");
  await bob.waitForTimeout(300);
  assert.equal(await bob.locator(".suggestions").count(), 0);
});

step("neither names nor pictures are in the server's files, and nobody had anything to complain about", () => {
  const secrets = [kName, kMoving, "blue_dot", kText, "written by the camera", kBlinker.subarray(0, 40)];
  assert.deepEqual(plaintextIn(stage.data, "ann", secrets), []);
  assert.deepEqual(found, []);
  assert.deepEqual(stage.complaints, []);
});
