// One device that runs the client core as WebAssembly in Node: commands come as JSON lines, answers and events leave so.
//   node core_device.mjs PACKAGE FOLDER SERVER CA
import { createInterface } from "node:readline";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, folder, server, ca] = process.argv.slice(2);
const { Client, NodeTransport, loadCore, openFolder } = await import(pathToFileURL(join(packageFolder, "dist/node.js")));

const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");
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
  transport: new NodeTransport({ ca: readFileSync(ca, "utf8") }),
  generation: {
    read: () => (existsSync(generationFile) ? Number(readFileSync(generationFile, "utf8")) : 0),
    remember: (generation) => writeFileSync(generationFile, String(generation)),
  },
  platform: "test",
});
client.on("*", (event) => say({ event }));
say({ ready: true });

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, args } = JSON.parse(line);
  Promise.resolve()
    .then(() => client[method](...args))
    .then((value) => say({ id, value: value ?? null }))
    .catch((error) => say({ id, error: { code: error.code ?? "", kind: error.kind ?? "", message: String(error) } }));
}
client.close();
store.close();
