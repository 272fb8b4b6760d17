// One device that runs the client core as WebAssembly: commands come as JSON lines, answers and events leave so.
//   node core_device.mjs PACKAGE FOLDER SERVER CA             in this process
//   node core_device.mjs PACKAGE FOLDER SERVER CA PORT        in a worker of headless Chromium, its page at PORT
import { createInterface } from "node:readline";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, folder, server, caFile, port] = process.argv.slice(2);
const ca = readFileSync(caFile, "utf8");
const part = (path) => import(pathToFileURL(join(packageFolder, path)));
const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");

async function openInNode() {
  const { Client, NodeTransport, loadCore, openFolder } = await part("dist/node.js");
  const store = openFolder(folder);
  const keyFile = join(folder, "key");
  if (!existsSync(keyFile)) {
    writeFileSync(keyFile, randomBytes(32), { mode: 0o600 });
  }
  const generationFile = join(folder, "generation");
  const client = Client.open({
    core: await loadCore(),
    store,
    key: new Uint8Array(readFileSync(keyFile)),
    server,
    transport: new NodeTransport({ ca }),
    generation: {
      read: () => (existsSync(generationFile) ? Number(readFileSync(generationFile, "utf8")) : 0),
      remember: (generation) => writeFileSync(generationFile, String(generation)),
    },
    platform: "test",
  });
  client.on("*", (event) => say({ event }));
  const files = {
    sendFile: (conversation, text, path, name, mediaType) =>
      client.sendFiles(conversation, { text }, [{ transfer: name, content: new Blob([readFileSync(path)]), name, mediaType }]),
    saveFile: async (conversation, ref, index, path) => {
      const blob = await client.receiveFile(conversation, ref, index, "down");
      writeFileSync(path, Buffer.from(await blob.arrayBuffer()));
      return blob.type;
    },
  };
  return {
    call: async (method, args) => (files[method] ?? client[method].bind(client))(...args),
    close: async () => {
      client.close();
      store.close();
    },
  };
}

// Runs in the page. Files come and go as base64.
function inPage({ method, args }) {
  const { client } = globalThis.remote;
  const calls = {
    sendFile: (conversation, text, content, name, mediaType) =>
      client.sendFiles(conversation, { text },
        [{ transfer: name, content: new Blob([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))]), name, mediaType }]),
    saveFile: async (conversation, ref, index) => {
      const blob = await client.receiveFile(conversation, ref, index, "down");
      const url = await new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.readAsDataURL(blob);
      });
      return { type: blob.type, content: url.slice(url.indexOf(",") + 1) };
    },
  };
  return (calls[method] ?? client[method])(...args).then(
    (value) => ({ value }), ({ code, kind, message }) => ({ error: { code, kind, message } }));
}

async function openInChromium() {
  const { openClient, startChromium } = await part("test/chromium.mjs");
  const chromium = await startChromium({ port: Number(port), server, ca, profile: folder });
  const page = await chromium.newPage();
  await page.exposeFunction("report", (event) => say({ event }));
  await openClient(page);
  await page.evaluate(() => globalThis.remote.onAny((event) => globalThis.report(event)));
  return {
    // Refusals cross as values: an exception would lose its code.
    call: async (method, args) => {
      const path = method === "sendFile" ? args[2] : args[3];
      if (method === "sendFile") {
        args[2] = readFileSync(path).toString("base64");
      }
      const { value, error } = await page.evaluate(inPage, { method, args });
      if (error) {
        throw Object.assign(new Error(error.message), error);
      }
      if (method === "saveFile") {
        writeFileSync(path, Buffer.from(value.content, "base64"));
        return value.type;
      }
      return value;
    },
    close: async () => {
      await page.evaluate(() => globalThis.remote.close());
      await chromium.close();
    },
  };
}

const device = await (port ? openInChromium() : openInNode());
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, args } = JSON.parse(line);
  device.call(method, args).then(
    (value) => say({ id, value: value ?? null }),
    (error) => say({ id, error: { code: error.code ?? "", kind: error.kind ?? "", message: error.message } }),
  );
}
await device.close();
