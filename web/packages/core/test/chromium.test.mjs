// The package in headless Chromium: module and records in a worker, through reloads and in two tabs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openClient, startChromium } from "./chromium.mjs";

const kUser = "0191d3f0-0000-7000-8000-000000000001";
const kDevice = "0191d3f0-0000-7000-8000-000000000002";

// A server that lets everybody in; its gateway does not exist.
function rest(request, response) {
  const tokens = { access_token: "a", expires_in: 900, refresh_token: "r", user_id: kUser, device_id: kDevice,
    gateway_url: "wss://localhost:1/v1/ws" };
  response.writeHead(request.url === "/v1/login" ? 401 : 201, { "Content-Type": "application/json" });
  response.end(JSON.stringify(request.url === "/v1/login" ? { code: "auth.wrong", detail: "no" } : tokens));
}

let chromium;
before(async () => {
  chromium = await startChromium({ rest });
});
after(() => chromium?.close());

const account = (page) => page.evaluate(() => globalThis.remote.client.account());

test("a device is made in the worker and outlives a reload of the page", { timeout: 60_000 }, async () => {
  const page = await chromium.newPage();
  assert.equal(await openClient(page), false);
  await page.evaluate(() => globalThis.remote.client.register({ username: "ann", password: "x" }, "tab"));
  const made = await account(page);
  assert.equal(made.user, kUser);
  await page.reload();
  assert.equal(await openClient(page), true);
  assert.deepEqual(await account(page), made);
  await page.evaluate(() => globalThis.remote.close());
  await page.close();
});

test("a second tab does not get the records of the first", { timeout: 60_000 }, async () => {
  const first = await chromium.newPage();
  await openClient(first, { profile: "one tab" });
  const second = await chromium.newPage();
  const code = await second.evaluate(async () => {
    const { RemoteClient } = await import("/index.js");
    const remote = new RemoteClient(new Worker("/worker.js", { type: "module" }));
    return remote.open({ module: "/unhidra_core.wasm", profile: "one tab", server: location.origin })
      .then(() => "opened", (error) => error.code);
  });
  assert.equal(code, "store.in_use");
  await first.close();
  await second.close();
});

test("refusals keep their codes across the worker", { timeout: 60_000 }, async () => {
  const page = await chromium.newPage();
  await openClient(page, { profile: "refused" });
  const code = (body) => page.evaluate(
    (name) => globalThis.remote.client[name]({ username: "a", password: "b" }, "tab").then(() => "", (e) => e.code), body);
  assert.equal(await code("logIn"), "auth.wrong");
  const refusal = (method, ...args) => page.evaluate(
    ([name, given]) => globalThis.remote.client[name](...given).then(() => "", (e) => e.code), [method, args]);
  assert.equal(await refusal("account"), "client.not_enrolled");
  assert.equal(await refusal("createGroup", "the team", []), "client.not_enrolled");
  await page.evaluate(() => globalThis.remote.client.register({ username: "ann", password: "x" }, "tab"));
  assert.equal(await refusal("createGroup", "the team", []), "client.not_approved");
  assert.equal(await refusal("group", kUser), "client.not_found");
  await page.close();
});

test("the records on disk show nothing, and the key is not to be read", { timeout: 60_000 }, async () => {
  const page = await chromium.newPage();
  await openClient(page, { profile: "sealed" });
  await page.evaluate(() => globalThis.remote.client.register({ username: "a-name-to-look-for", password: "x" }, "tab"));
  await page.evaluate(() => globalThis.remote.close());
  const found = await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle("unhidra-sealed");
    const bytes = new Uint8Array(await (await (await folder.getFileHandle("records-a")).getFile()).arrayBuffer());
    const database = await new Promise((resolve) => {
      const request = indexedDB.open("unhidra");
      request.onsuccess = () => resolve(request.result);
    });
    const kept = await new Promise((resolve) => {
      const request = database.transaction("keys").objectStore("keys").get("sealed");
      request.onsuccess = () => resolve(request.result);
    });
    const exported = await crypto.subtle.exportKey("raw", kept.wrapper).then(() => "readable", (error) => error.name);
    return { size: bytes.length, clear: new TextDecoder("latin1").decode(bytes).includes("a-name-to-look-for"), exported };
  });
  assert.ok(found.size > 1000);
  assert.equal(found.clear, false);
  assert.equal(found.exported, "InvalidAccessError");
  await page.close();
});
