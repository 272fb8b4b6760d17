// What the web client costs, measured in headless Chromium against the real server:
//   node bench/budgets.mjs [MESSAGES] [GROUPS] [MESSAGES IN THEM]      (10000 0 0)
// MESSAGES stand in one conversation, the others in as many groups as are asked for; the goal for memory speaks of 499
// groups and 40000 messages in them.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firstLoad } from "../test/browser/first-load.mjs";
import { kPassword, openConversation, sees, signUp, Stage, until, write } from "../test/browser/stage.mjs";

const [messages, groups, inGroups] = [10_000, 0, 0].map((usual, at) => Number(process.argv[2 + at] ?? usual));
const kChunk = 50; // more do not fit into the outbox
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const textOf = (number) => `Message ${number}: ${"words of a usual length ".repeat(1 + (number % 5))}**${number}**`;
const report = (what, figure) => console.log(`${what.padEnd(46)} ${figure}`);

function reportFirstLoad() {
  const { scripts, script, module } = firstLoad();
  report("first load, JavaScript, gzip", `${(script / 1000).toFixed(0)} kB in ${scripts} files`);
  report("core (WebAssembly), brotli", `${(module / 1000).toFixed(0)} kB`);
}

async function signInTime(stage) {
  const times = [];
  for (let run = 0; run < 7; ++run) {
    const page = await stage.device("visitor");
    await page.goto(`${stage.url}/sign-in`, { waitUntil: "commit" });
    await page.waitForSelector("[name=username]:focus");
    times.push(await page.evaluate(() => performance.now()));
    await page.context().close();
  }
  report("sign-in page interactive, cold cache", `${median(times).toFixed(0)} ms (worst ${Math.max(...times).toFixed(0)})`);
}

// The other person, on the same core in this process.
async function writer(stage, folder) {
  process.env.NODE_NO_WARNINGS = "1";
  const { Client, NodeTransport, loadCore, openFolder } = await import("../../packages/core/dist/node.js");
  const ca = readFileSync(join(stage.data, "ca.pem"), "utf8");
  const client = Client.open({ core: await loadCore(), store: openFolder(folder), key: new Uint8Array(32).fill(7), server: stage.auth, transport: new NodeTransport({ ca }) });
  await client.register({ username: "bob", password: kPassword }, "writer");
  await client.connect();
  return client;
}

/** `send(number)` for each number, a few at once, until the page has the last one. */
async function sendAll(client, page, first, count, what, send) {
  const begun = performance.now();
  for (let sent = first; sent < first + count; sent += kChunk) {
    for (let at = sent; at < Math.min(first + count, sent + kChunk); ++at) {
      await send(at);
    }
    await until(async () => (await client.account()).outboxSize === 0, "the server to take the messages", 300_000);
  }
  await until(async () => (await page.locator(".entry-preview >> nth=0").innerText()).includes(`Message ${first + count - 1}:`), "the last message", 300_000);
  report(`${count} messages received while open, ${what}`, `${((performance.now() - begun) / 1000).toFixed(1)} s`);
}
const fill = (client, page) => sendAll(client, page, 0, messages, "one conversation", (number) => client.send("ann", textOf(number)));

async function fillGroups(client, page) {
  const begun = performance.now();
  const made = [];
  for (let number = 0; number < groups; ++number) {
    made.push(await client.createGroup(`Group ${number}`, ["ann"]));
  }
  await until(async () => (await client.account()).outboxSize === 0, "the groups", 300_000);
  report(`${groups} groups asked for`, `${((performance.now() - begun) / 1000).toFixed(1)} s`);
  await listing(client, made[0]);
  await sendAll(client, page, messages, inGroups, `${groups} groups`, (number) => client.write(made[number % groups], { text: textOf(number) }));
}

/** What the page's list costs the core: all of it at first, then what one message has changed. As the page gets it, copied between threads. */
async function listing(client, group) {
  const timed = async (revision) => {
    const begun = performance.now();
    const changes = structuredClone(await client.overviewSince(revision));
    return { ms: performance.now() - begun, ...changes };
  };
  const whole = [];
  const changed = [];
  for (let run = 0; run < 9; ++run) {
    const { ms, revision } = await timed(0);
    whole.push(ms);
    await client.write(group, { text: `to be listed ${run}` });
    changed.push((await timed(revision)).ms);
  }
  report(`the list of ${(await client.conversations()).length} conversations`, `${median(whole).toFixed(1)} ms whole, ${median(changed).toFixed(2)} ms what one message changed`);
}

async function switching(page) {
  const times = [];
  for (let run = 0; run < 9; ++run) {
    await page.click(".entry >> text=carol");
    await page.waitForSelector(".conversation-title >> text=carol");
    await page.waitForTimeout(200);
    times.push(await page.evaluate((last) => new Promise((resolve) => {
      const begun = performance.now();
      [...document.querySelectorAll(".entry")].find((entry) => entry.textContent.includes("bob")).click();
      const look = () => {
        const found = [...document.querySelectorAll(".message")].some((message) => message.textContent.includes(last));
        found ? resolve(performance.now() - begun) : requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }), `Message ${messages - 1}:`));
  }
  report(`switch to ${messages} messages, until drawn`, `${median(times).toFixed(0)} ms (worst ${Math.max(...times).toFixed(0)})`);
}

// Of all of the page's threads; frames a second say more about what else the machine does.
async function rendererSeconds(stage) {
  const session = await stage.browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.filter(({ type }) => type === "renderer").reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

async function scrolling(page, stage) {
  const before = await rendererSeconds(stage);
  const { frames, worst, seconds, reached } = await page.evaluate(() => new Promise((resolve) => {
    const list = document.querySelector(".timeline-list");
    const gaps = [];
    const begun = performance.now();
    let previous = begun;
    const frame = (now) => {
      gaps.push(now - previous);
      previous = now;
      list.scrollTop -= 40;
      if (now - begun < 6000) {
        requestAnimationFrame(frame);
      } else {
        resolve({ frames: gaps.length, worst: Math.max(...gaps.slice(2)), seconds: (now - begun) / 1000, reached: list.scrollHeight });
      }
    };
    requestAnimationFrame(frame);
  }));
  const each = (1000 * ((await rendererSeconds(stage)) - before)) / frames;
  report("scrolling up, older pages loading", `${each.toFixed(1)} ms CPU a frame, ${(frames / seconds).toFixed(0)} frames/s, longest ${worst.toFixed(0)} ms, ${reached} px loaded`);
}

async function memory(page, what) {
  const bytes = await page.evaluate(() => performance.measureUserAgentSpecificMemory().then(({ bytes }) => bytes));
  report(`memory of page and worker, ${what}`, `${(bytes / 1e6).toFixed(0)} MB`);
}

async function coldStart(page) {
  const { usage } = await page.evaluate(() => navigator.storage.estimate());
  report("records in the browser", `${(usage / 1e6).toFixed(0)} MB`);
  await page.reload({ waitUntil: "commit" });
  await page.waitForSelector(".message", { timeout: 120_000 });
  report(`opened again on ${messages} messages, until drawn`, `${(await page.evaluate(() => performance.now())).toFixed(0)} ms`);
}

reportFirstLoad();
const stage = await Stage.open({ "auth.password_memory": "48MiB", "limits.messages_per_connection": "off", "limits.requests_per_connection": "off", "limits.prekey_fetch_per_connection": "off" });
const folder = mkdtempSync(join(tmpdir(), "unhidra-bench-"));
let client;
try {
  await signInTime(stage);
  const page = await stage.device("ann");
  await signUp(stage, page, "ann");
  await memory(page, "nothing in it");
  const carol = await stage.device("carol");
  await signUp(stage, carol, "carol");
  await openConversation(page, "carol");
  await write(page, "a short one");
  await sees(page, "a short one", "sent");
  await carol.context().close();
  client = await writer(stage, folder);
  await fill(client, page);
  await switching(page);
  await scrolling(page, stage);
  await memory(page, `${messages} messages`);
  if (groups > 0) {
    await fillGroups(client, page);
    await memory(page, `${groups} groups, ${messages + inGroups} messages`);
  }
  await page.locator(".entry:has-text('bob') >> nth=-1").click();
  await coldStart(page);
  await memory(page, "opened again");
} finally {
  client?.close();
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
