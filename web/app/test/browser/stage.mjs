// A server of its own and a browser in front of it, for one test file.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
export const kBin = process.env.UNHIDRA_BIN ?? path("../../../../build/dev/bin");
const kShots = process.env.UNHIDRA_SCREENSHOTS ?? path("../../../../build/screenshots");
const kPatience = 30_000;
// The browser downloads, reports and looks up nothing.
const kFlags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--ignore-certificate-errors", "--force-color-profile=srgb"];
const kSettings = {
  "auth.open_sign_up": "true",
  "auth.password_memory": "1MiB",
  "auth.password_passes": "1",
  "log.level": "warn",
  ...Object.fromEntries(["registration_per_ip", "device_registration_per_ip", "login_per_ip", "refresh_per_ip",
    "connections_per_ip", "connections_per_user"].map((name) => [`limits.${name}`, "off"])),
};
export const kPassword = "correct horse battery staple";

/** Ours without what the server takes for settings. */
const serverEnvironment = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("UNHIDRA_")));

export class Stage {
  static async open(settings = {}) {
    const stage = new Stage();
    stage.root = mkdtempSync(join(tmpdir(), "unhidra-web-"));
    stage.settings = { ...kSettings, "gateway.web_client": path("../../dist"), ...settings };
    for (const listen of ["auth.listen", "gateway.listen", "automation.listen", "automation.mqtts_listen", "automation.mqtt_listen"]) {
      stage.settings[listen] ??= "127.0.0.1:0";
    }
    stage.complaints = [];
    mkdirSync(kShots, { recursive: true });
    try {
      await stage.startServer();
      process.env.TMPDIR = stage.root; // read once, when it is loaded; what it leaves there goes with the folder
      const { chromium } = await import("playwright-core");
      stage.browser = await chromium.launch({
        executablePath: process.env.UNHIDRA_CHROMIUM ?? "/usr/bin/chromium-headless-shell", headless: true, args: kFlags,
      });
    } catch (error) {
      await stage.close();
      throw error;
    }
    return stage;
  }

  get data() {
    return join(this.root, "data");
  }

  async startServer() {
    const flags = Object.entries(this.settings).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
    this.server = spawn(join(kBin, "unhidra"), ["serve", "--data-dir", this.data, ...flags], {
      stdio: ["ignore", "pipe", "pipe"], env: serverEnvironment(),
    });
    let said = "";
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the server did not get ready:\n${said}`)), kPatience);
      const hear = (part) => {
        said += part;
        if (said.includes("\nReady")) {
          clearTimeout(timer);
          resolve();
        }
      };
      this.server.stdout.on("data", hear);
      this.server.stderr.on("data", hear);
      this.server.on("error", reject);
      this.server.on("exit", (code) => reject(new Error(`the server ended with ${code}:\n${said}`)));
    });
    this.url = /Web\s+(https:\S+)/.exec(said)?.[1];
    this.auth = /Auth\s+(https:\S+)/.exec(said)?.[1];
    this.setupLink = /https:\S+\/sign-up#\S+/.exec(said)?.[0];
    this.settings["gateway.listen"] = new URL(this.url ?? "https://127.0.0.1:0").host; // the same after a restart
  }
  async stopServer(signal = "SIGTERM") {
    const { server } = this;
    this.server = undefined;
    if (server && server.exitCode === null && server.signalCode === null) {
      server.kill(signal);
      await new Promise((resolve) => server.once("exit", resolve));
    }
  }

  /** One browser profile, as one device has it. */
  async device(name, options = {}) {
    const context = await this.browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 },
      reducedMotion: "reduce", permissions: ["clipboard-read", "clipboard-write", "notifications"], ...options });
    context.setDefaultTimeout(kPatience);
    const page = await context.newPage();
    // A refused script, a broken file, an exception: none is ever right.
    page.on("pageerror", (error) => this.complaints.push(`${name}: ${error.stack ?? error}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !/Failed to load resource|WebSocket connection/.test(message.text())) {
        this.complaints.push(`${name}: ${message.text()}`);
      }
    });
    return page;
  }

  /** Somebody who has an account, and no device yet. */
  createUser(username) {
    execFileSync(join(kBin, "unhidra"), ["admin", "--data-dir", this.data, "create-user", username, "--role", "member"],
      { stdio: "pipe", env: serverEnvironment() });
  }

  /** The command line client with a profile of that name; answers what it printed. */
  cli(profile, ...words) {
    const environment = { ...process.env, UNHIDRA_PASSPHRASE: "passphrase for tests", UNHIDRA_PASSPHRASE_MEMORY: "1MiB", HOME: this.root };
    for (const name of ["DBUS_SESSION_BUS_ADDRESS", "XDG_STATE_HOME", "XDG_DATA_HOME"]) {
      delete environment[name];
    }
    const child = spawn(join(kBin, "unhidra-cli"), ["--profile", join(this.root, profile), "--server", this.auth, "--ca", join(this.data, "ca.pem"), ...words],
      { stdio: ["ignore", "pipe", "pipe"], env: environment });
    return new Promise((resolve, reject) => {
      let said = "";
      child.stdout.on("data", (part) => (said += part));
      child.stderr.on("data", (part) => (said += part));
      child.on("error", reject);
      child.on("exit", (code) => (code === 0 ? resolve(said) : reject(new Error(`${words.join(" ")} ended with ${code}: ${said}`))));
    });
  }

  async close() {
    await this.browser?.close();
    await this.stopServer("SIGKILL");
    rmSync(this.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** Steps of one story: after the first that fails the others tell nothing, and are left out. */
export function story(test, pages) {
  let broken = false;
  return (name, body) => test(name, async (t) => {
    if (broken) {
      t.skip("an earlier step has failed");
      return;
    }
    try {
      await body();
    } catch (error) {
      broken = true;
      await Promise.allSettled(Object.entries(pages()).map(([who, page]) =>
        page?.screenshot({ path: join(kShots, `failed-${who}.png`) })));
      throw error;
    }
  });
}

export const kShotFolder = kShots;

async function fillAndSubmit(page, username, password = kPassword) {
  await page.fill("[name=username]", username);
  await page.fill("[name=password]", password);
  await page.click("button[type=submit]");
}

export async function signUp(stage, page, username, link = `${stage.url}/sign-up`) {
  await page.goto(link);
  await fillAndSubmit(page, username);
  await page.waitForSelector(".link-online");
}

/** A further device: ends on the page that waits for approval. */
export async function signIn(stage, page, username) {
  await page.goto(`${stage.url}/sign-in`);
  await fillAndSubmit(page, username);
  await page.waitForSelector(".pending-wait");
}

export async function openConversation(page, username) {
  await page.keyboard.press("Control+Shift+O");
  await page.fill(".dialog input", username);
  await page.keyboard.press("Enter");
  await page.waitForSelector(`.conversation-title h2:has-text("${username}")`); // not the one before
  await page.waitForSelector(".composer textarea");
}

/** Of `owner`, for everybody in the organisation; `member` comes in by the directory. */
export async function makeChannel(owner, member, name) {
  await owner.click(".sidebar-links a:has-text('Channels')");
  await owner.click("button:has-text('New channel')");
  await owner.fill(".dialog input[maxlength]", name);
  await owner.click(".dialog label:has-text('Everybody in the organisation')");
  await owner.click(".dialog button:has-text('Create')");
  await owner.waitForSelector(`.conversation-title >> text=${name}`);
  await member.click(".sidebar-links a:has-text('Channels')");
  await member.click(`.channel-row:has-text('${name}') button:has-text('Join')`);
  await member.waitForSelector(".conversation-title >> text=2 members");
}

export async function write(page, text) {
  await page.fill(".composer textarea", text);
  await page.press(".composer textarea", "Enter");
}

export const sees = (page, text, state) =>
  page.locator(`.message${state ? `[data-state="${state}"]` : ""}`, { hasText: text }).last().waitFor();

/** Asked from here: the page's policy allows no function that comes as text. */
export async function until(check, what, patience = kPatience) {
  const end = Date.now() + patience;
  let last;
  while ((last = await check()) !== true) {
    if (Date.now() > end) {
      throw new Error(`waited in vain for ${what}; last: ${last}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Where the texts stand in what is stored below the folder. `known` must be there: otherwise the search proves nothing. */
export function plaintextIn(folder, known, secrets) {
  const program = path("../../../../tests/e2e/stored.py");
  return JSON.parse(execFileSync("python3", ["-B", program, folder, known], { input: JSON.stringify(secrets), maxBuffer: 1 << 26 }));
}

export const texts = (page) => page.locator(".message-text").allInnerTexts();
