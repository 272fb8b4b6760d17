// Files between a browser and the command line: chosen, pasted and dropped, through a broken connection, and refused when
// anything of them was changed at the server.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { png } from "./pictures.mjs";
import { kPassword, openConversation, plaintextIn, sees, signUp, Stage, story, until } from "./stage.mjs";

const kSize = 20 * 1024 * 1024 + 7; // three parts
const names = { large: "large-name-nobody-may-find.bin", text: "notes-name-nobody-may-find.txt", picture: "picture-name-nobody-may-find.png", back: "back-name-nobody-may-find.txt" };
const secret = "content-nobody-may-find";
let stage;
let ann;
before(async () => {
  stage = await Stage.open();
  ann = await stage.device("ann");
  await signUp(stage, ann, "ann");
  writeFileSync(join(stage.root, "password"), `${kPassword}\n`);
  await stage.cli("carla", "register", "--username", "carla", "--password-file", join(stage.root, "password"));
});
after(() => stage?.close());
const step = story(test, () => ({ ann }));

const at = (name) => join(stage.root, name);
const digest = (content) => createHash("sha256").update(content).digest("hex");
const chooseFiles = (...files) => ann.setInputFiles(".composer input[type=file]", files);
const card = (name) => ann.locator(".timeline .file-card", { hasText: name }).last();

async function download(name) {
  const coming = ann.waitForEvent("download");
  await card(name).locator("button").click();
  const file = await coming;
  assert.equal(file.suggestedFilename(), name);
  return readFileSync(await file.path());
}

step("a large file goes from the browser to the command line, with progress", async () => {
  const content = Buffer.concat([Buffer.from(secret), randomBytes(kSize - secret.length)]);
  writeFileSync(at(names.large), content);
  await openConversation(ann, "carla");
  await chooseFiles(at(names.large));
  await ann.waitForSelector(`.chosen-file >> text=${names.large}`);
  await ann.fill(".composer textarea", "here it is");
  await ann.press(".composer textarea", "Enter");
  await ann.waitForSelector(".sending .progress");
  await ann.waitForSelector(".sending", { state: "detached", timeout: 60_000 });
  await sees(ann, names.large, "sent");
  await stage.cli("carla", "save", "ann", "last", "--output", at("saved"));
  assert.equal(digest(readFileSync(at("saved"))), digest(content));
});

step("a file comes back, and is kept under its name", async () => {
  writeFileSync(at(names.back), `${secret} back`);
  await stage.cli("carla", "send-file", "ann", at(names.back), "--no-scan", "--text", "and back");
  await sees(ann, "and back", "received");
  assert.equal((await download(names.back)).toString(), `${secret} back`);
});

/** WAV (RIFF): one second of a tone. */
function tone() {
  const rate = 8000;
  const head = Buffer.alloc(44);
  head.write("RIFF", 0, "latin1");
  head.writeUInt32LE(36 + rate, 4);
  head.write("WAVEfmt ", 8, "latin1");
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36, "latin1");
  head.writeUInt32LE(rate, 40);
  return Buffer.concat([head, Buffer.from(Array.from({ length: rate }, (_, at) => 128 + Math.round(60 * Math.sin(at / 3))))]);
}
const play = (name) => card(name).locator(`button[aria-label="Play ${name}"]`).click();

step("a sound is played, once all of it has come; what is none is told so", async () => {
  writeFileSync(at("tone.wav"), tone());
  writeFileSync(at("broken.mp3"), "no sound at all");
  await stage.cli("carla", "send-file", "ann", at("tone.wav"), at("broken.mp3"), "--no-scan", "--text", "listen");
  await sees(ann, "listen", "received");
  await play("tone.wav");
  const player = ann.locator(".dialog audio");
  await player.waitFor();
  await until(async () => (await player.evaluate((audio) => audio.duration)) === 1, "the sound");
  await ann.keyboard.press("Escape");
  await player.waitFor({ state: "detached" });
  await play("broken.mp3");
  await ann.waitForSelector(".dialog [role=alert] >> text=This browser cannot play it");
  await ann.keyboard.press("Escape");
});

step("a pasted picture is shown small, and large when it is chosen", async () => {
  const content = [...png(900, 600, 120_000)];
  await ann.evaluate(([name, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
    document.querySelector(".composer textarea").dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  }, [names.picture, content]);
  await ann.waitForSelector(".chosen-file img");
  await ann.press(".composer textarea", "Enter"); // without a word
  const small = ann.locator(".timeline .picture img");
  await small.waitFor();
  await until(async () => (await small.evaluate((image) => image.naturalWidth)) === 480, "the small copy");
  await ann.click(".timeline .picture");
  const large = ann.locator(".dialog img");
  await large.waitFor();
  await until(async () => (await large.evaluate((image) => image.naturalWidth)) === 900, "the picture");
  await ann.keyboard.press("Escape");
  await ann.waitForSelector(`.entry-preview >> text=File: ${names.picture}`);
});

step("a dropped file is sent once the connection is back; one that was given up is not", async () => {
  const drop = (name) => ann.evaluate(([called, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], called, { type: "text/plain" }));
    for (const type of ["dragenter", "dragover", "drop"]) {
      document.querySelector(".timeline").dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    }
  }, [name, `${secret} dropped`]);
  await ann.context().setOffline(true);
  await ann.waitForSelector(".link-offline");
  await drop("given-up.txt");
  await ann.press(".composer textarea", "Enter");
  await ann.click(".sending [aria-label='Cancel given-up.txt']");
  await ann.waitForSelector(".sending >> text=Cancelled");
  await ann.click(".sending [aria-label='Discard given-up.txt']");
  await drop(names.text);
  await ann.press(".composer textarea", "Enter");
  await ann.waitForSelector(".sending .progress");
  await ann.context().setOffline(false);
  await ann.waitForSelector(".sending", { state: "detached", timeout: 60_000 });
  await sees(ann, names.text, "sent");
  await stage.cli("carla", "save", "ann", "last", "--output", at("dropped"));
  assert.equal(readFileSync(at("dropped"), "utf8"), `${secret} dropped`);
  assert.equal(await ann.locator(".message", { hasText: "given-up.txt" }).count(), 0);
});

step("more than ten files are refused, and one can be taken away again", async () => {
  const many = Array.from({ length: 11 }, (_, number) => ({ name: `f${number}.txt`, mimeType: "text/plain", buffer: Buffer.from("x") }));
  await chooseFiles(...many);
  await ann.waitForSelector(".composer [role=alert] >> text=at most 10 files");
  assert.equal(await ann.locator(".chosen-file").count(), 10);
  for (let left = 10; left > 0; --left) {
    await ann.locator(".chosen-file button").first().click();
  }
  assert.equal(await ann.locator(".chosen-file").count(), 0);
});

step("what was changed at the server is refused, and nothing of it is kept", async () => {
  const stored = readdirSync(join(stage.data, "files"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name)).filter((path) => statSync(path).size > kSize / 4);
  assert.ok(stored.length > 0, "the large file's ciphertext");
  for (const path of stored) {
    const sealed = readFileSync(path);
    sealed[sealed.length >> 1] ^= 1;
    writeFileSync(path, sealed);
  }
  let kept = false;
  ann.on("download", () => (kept = true));
  await ann.locator(".timeline-list").evaluate((list) => (list.scrollTop = 0));
  await card(names.large).locator("button").click();
  const told = card(names.large).locator(".field-problem");
  const isTold = async () => (await told.count()) > 0 || `the card says: ${(await card(names.large).allInnerTexts()).join()}, with ${await card(names.large).locator(".progress").count()} progress bars; ${stored.length} files are large; kept: ${kept}`;
  await until(isTold, "the refusal", 60_000);
  await ann.click(".sidebar-links a:has-text('Channels')");
  await ann.waitForSelector(".timeline", { state: "detached" });
  await openConversation(ann, "carla");
  await until(isTold, "the refusal, when its message is looked at again");
  assert.match(await card(names.large).locator(".field-problem").innerText(), /not the file that its sender described/);
  assert.equal(kept, false);
});

step("neither content nor names are in the server's files, and the browser had nothing to complain about", () => {
  assert.deepEqual(plaintextIn(stage.data, "ann", [secret, ...Object.values(names), "given-up.txt"]), []);
  assert.deepEqual(stage.complaints, []);
});
