// A file of 50 MB up and down, with the connection broken in the middle of both: the server dies while it goes up, the
// network goes away while it comes down. Each way it goes on where it was, and what the server has lost is told.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openConversation, sees, signUp, Stage, story, until } from "./stage.mjs";

const kSize = 50_000_000;
const kPart = 8 * 1024 * 1024;
const kName = "large.bin";
let stage;
let ann;
let bob;
let sealedSize; // of what the server stores
let wholeDigest;
before(async () => {
  // Three parts at once, and then one each ten seconds: there is a middle, however quick or busy the machine is.
  stage = await Stage.open({ "limits.file_transfers_per_user": "3/30s", "limits.reads_per_ip": "off", "limits.open_per_ip": "off" });
  [ann, bob] = await Promise.all([stage.device("ann"), stage.device("bob")]);
  await Promise.all([signUp(stage, ann, "ann"), signUp(stage, bob, "bob")]);
  const content = randomBytes(kSize);
  wholeDigest = createHash("sha256").update(content).digest("hex");
  writeFileSync(join(stage.root, kName), content);
});
after(() => stage?.close());
const step = story(test, () => ({ ann, bob }));

/** What the server counts since it started. */
const counted = (metric) => new Promise((resolve, reject) => {
  get(`${stage.url}/metrics`, { rejectUnauthorized: false }, (answer) => {
    let said = "";
    answer.on("data", (part) => (said += part));
    answer.on("end", () => resolve(Number(new RegExp(`^${metric} (\\S+)$`, "m").exec(said)?.[1])));
  }).on("error", reject);
});
const taken = () => counted("files_received_bytes_total");
const sent = () => counted("files_sent_bytes_total");
const objects = () => readdirSync(join(stage.data, "files", "objects"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
async function digestOf(path) {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path)) {
    hash.update(part);
  }
  return hash.digest("hex");
}
const progress = (page, within) => page.locator(`${within} .progress`).first().evaluate((bar) => bar.value);
const card = () => bob.locator(".timeline .file-card", { hasText: kName });
/** Between two and five parts, so that some are behind and some before it. */
const isMiddle = (bytes) => (bytes >= 2 * kPart && bytes < 5 * kPart) || bytes;

step("going up, it outlives the death of the server and sends no part again", async () => {
  await openConversation(ann, "bob");
  await ann.setInputFiles(".composer input[type=file]", join(stage.root, kName));
  await ann.press(".composer textarea", "Enter");
  await until(async () => isMiddle(await taken()), "the middle of the way up");
  const acknowledged = await progress(ann, ".sending");
  await stage.stopServer("SIGKILL");
  assert.ok(acknowledged > 0 && acknowledged < 100, `${acknowledged} %`);
  await ann.waitForSelector(".link:not(.link-online)");
  const stopped = await progress(ann, ".sending");
  assert.ok(stopped >= acknowledged && stopped < 100, `${stopped} % without a server`);
  await stage.startServer();
  await ann.waitForSelector(".sending", { state: "detached", timeout: 60_000 });
  await sees(ann, kName, "sent");
  const [stored] = objects();
  sealedSize = statSync(stored).size;
  assert.ok(sealedSize > kSize);
  const behind = Math.floor((stopped / 100) * sealedSize / kPart) * kPart;
  assert.ok(behind >= kPart, `${behind} bytes were acknowledged before the server died`);
  assert.ok((await taken()) <= sealedSize - behind, `the new server was sent ${await taken()} of ${sealedSize} bytes, ${behind} of which it had`);
});

step("coming down, it outlives a lost network and fetches no more than the part that was cut off again", async () => {
  await bob.click(".entry >> text=ann");
  await sees(bob, kName);
  const before = await sent();
  const coming = bob.waitForEvent("download", { timeout: 90_000 });
  await card().locator("button").click();
  await until(async () => isMiddle((await sent()) - before), "the middle of the way down");
  await bob.context().setOffline(true);
  await bob.waitForSelector(".link-offline");
  const stopped = await progress(bob, ".file-card");
  assert.ok(stopped > 0 && stopped < 100, `${stopped} % without a network`);
  await bob.context().setOffline(false);
  const file = await coming;
  assert.equal(file.suggestedFilename(), kName);
  assert.equal(await digestOf(await file.path()), wholeDigest);
  const again = (await sent()) - before - sealedSize;
  assert.ok(again >= 0 && again <= kPart, `${again} bytes were fetched twice`);
});

step("of what the server has lost the end nothing is kept, and it is told at once", async () => {
  truncateSync(objects()[0], sealedSize - kPart);
  let kept = false;
  bob.on("download", () => (kept = true));
  await card().locator("button").click();
  await card().locator(".field-problem >> text=The server has lost a part of this file").waitFor(); // a transfer may have to wait for its turn
  assert.equal(kept, false);
});

step("the browser had nothing to complain about", () => assert.deepEqual(stage.complaints, []));
