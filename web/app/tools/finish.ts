// What a build still needs when its files are written: hashes of scripts and styles in the page (SRI), the list of files
// that the service worker keeps, the emoji data, and everything compressed.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const kCompressed = /\.(html|js|css|json|webmanifest|svg|wasm)$/;
const kLanguages = ["en", "de"];

function filesBelow(folder: string, prefix = ""): string[] {
  return readdirSync(join(folder, prefix)).flatMap((name) => {
    const path = prefix + name;
    return statSync(join(folder, path)).isDirectory() ? filesBelow(folder, `${path}/`) : [path];
  });
}

const hash = (content: Buffer, algorithm: string, encoding: "base64" | "hex") =>
  createHash(algorithm).update(content).digest(encoding);

function addIntegrity(folder: string): void {
  const page = join(folder, "index.html");
  const html = readFileSync(page, "utf8").replace(
    /<(script|link)\b([^>]*?)\b(src|href)="\/(assets\/[^"]+)"([^>]*)>/g,
    (_, tag: string, before: string, attribute: string, file: string, after: string) => {
      const integrity = hash(readFileSync(join(folder, file)), "sha384", "base64");
      return `<${tag}${before}${attribute}="/${file}"${after} integrity="sha384-${integrity}">`;
    },
  );
  writeFileSync(page, html);
}

// The shell: everything but what is fetched when it is first wanted.
function fillServiceWorker(folder: string): void {
  const shell = filesBelow(folder).filter((name) => /^(index\.html$|assets\/|.*\.(svg|png|webmanifest)$)/.test(name));
  const version = hash(Buffer.concat(shell.map((name) => readFileSync(join(folder, name)))), "sha256", "hex").slice(0, 16);
  const worker = join(folder, "sw.js");
  const files = shell.map((name) => (name === "index.html" ? "/" : `/${name}`));
  const source = readFileSync(worker, "utf8");
  const filled = source.replace(/"__SHELL__"/, JSON.stringify(JSON.stringify({ version, files })));
  if (filled === source) {
    throw new Error("the service worker has no place for its list of files");
  }
  writeFileSync(worker, filled);
}

function copyEmoji(folder: string): void {
  const data = createRequire(import.meta.url).resolve("emojibase-data/package.json").replace(/package\.json$/, "");
  for (const language of kLanguages) {
    mkdirSync(join(folder, "emoji", language), { recursive: true });
    for (const name of ["data.json", "messages.json"]) {
      copyFileSync(join(data, language, name), join(folder, "emoji", language, name));
    }
  }
}

function compress(folder: string): void {
  for (const name of filesBelow(folder).filter((file) => kCompressed.test(file))) {
    const content = readFileSync(join(folder, name));
    // Quality 9 is within 3 % of 11, in a tenth of the time; of the module it is 14 % above, and everybody loads that.
    const quality = name.endsWith(".wasm") ? 11 : 9;
    const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });
    writeFileSync(join(folder, `${name}.br`), brotli);
    writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
  }
}

export function finish(): Plugin {
  let folder = "dist";
  return {
    name: "unhidra-finish",
    apply: "build",
    configResolved: (config) => {
      folder = resolve(config.root, config.build.outDir);
    },
    closeBundle: () => {
      addIntegrity(folder);
      fillServiceWorker(folder);
      copyEmoji(folder);
      compress(folder);
    },
  };
}
