// What the browser fetches before the first screen.
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const dist = (name) => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));

/** Bytes: scripts that the page names, as gzip; the core's module, as brotli. */
export function firstLoad() {
  const html = readFileSync(dist("index.html"), "utf8");
  const scripts = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(([, name]) => name);
  const script = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(dist(name)), { level: 9 }).length, 0);
  const [module] = readFileSync(dist("sw.js"), "utf8").match(/assets\/unhidra_core[^"\\]+\.wasm/);
  return { scripts: scripts.length, script, module: statSync(`${dist(module)}.br`).size };
}
