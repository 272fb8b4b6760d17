// A page in headless Chromium with the client in its worker. The page's own server answers for what a deployment's
// reverse proxy does: the files, and REST under the same origin.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

const kFiles = {
  "/": ["text/html", "<!doctype html><title>core</title>"],
  "/index.js": ["text/javascript", "../dist/browser/index.js"],
  "/worker.js": ["text/javascript", "../dist/browser/worker.js"],
  "/unhidra_core.wasm": ["application/wasm", "../dist/unhidra_core.wasm"],
};
// The browser downloads, reports and looks up nothing.
const kFlags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--ignore-certificate-errors"];

let scratch;

/** One folder for all browsers of the process: playwright reads TMPDIR once, and goes on to use what it read then. */
function makeScratch() {
  const folder = mkdtempSync(join(tmpdir(), "unhidra-chromium-"));
  process.env.TMPDIR = folder;
  process.on("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/**
 * `rest`: answers requests under /v1 itself; or `server` and `ca`: passes them on. `profile`: a folder that stays;
 * without one the browser forgets everything.
 */
export async function startChromium({ port = 0, rest, server, ca, profile } = {}) {
  const pages = createServer((request, response) => {
    if (request.url.startsWith("/v1/")) {
      (rest ?? forward(server, ca))(request, response);
      return;
    }
    const [type, file] = kFiles[request.url] ?? [];
    response.writeHead(type ? 200 : 404, { "Content-Type": type ?? "text/plain" });
    response.end(!type ? "" : type === "text/html" ? file : readFileSync(new URL(file, import.meta.url)));
  });
  await new Promise((resolve) => pages.listen(port, "localhost", resolve));
  scratch ??= makeScratch();
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launchPersistentContext(profile ?? mkdtempSync(join(scratch, "profile-")), {
    executablePath: process.env.UNHIDRA_CHROMIUM ?? "/usr/bin/chromium-headless-shell",
    headless: true,
    args: kFlags,
  });
  const origin = `http://localhost:${pages.address().port}`;
  return {
    origin,
    newPage: async () => {
      const page = await browser.newPage();
      await page.goto(origin);
      return page;
    },
    close: async () => {
      await browser.close();
      await new Promise((resolve) => {
        pages.close(resolve);
        pages.closeAllConnections();
      });
    },
  };
}

/** Opens the client in the page's worker; answers whether the profile is a device already. */
export function openClient(page, settings) {
  return page.evaluate(async (given) => {
    const { RemoteClient } = await import("/index.js");
    globalThis.remote = new RemoteClient(new Worker("/worker.js", { type: "module" }));
    return globalThis.remote.open({
      module: "/unhidra_core.wasm", profile: "test", server: location.origin, ...given,
    });
  }, settings ?? {});
}

function forward(server, ca) {
  return (request, response) => {
    const { host, origin, ...headers } = request.headers;
    const onward = httpsRequest(server + request.url, { method: request.method, headers, ca }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => {
      response.writeHead(502);
      response.end();
    });
    request.pipe(onward);
  };
}
