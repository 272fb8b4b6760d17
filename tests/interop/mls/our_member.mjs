// Members of libs/mls, all in one process of mls_member_tool. Every implementation here has the same face:
// keyPackage, create, join, externalJoin, commit, propose, receive, encrypt, groupInfo, state. Messages are MLSMessages.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"));

export class MemberTool {
  #process;
  #waiting = [];
  constructor(program) {
    this.#process = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#waiting.shift()?.resolve(JSON.parse(line)));
    this.#process.on("exit", () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error("mls_member_tool ended"));
    });
    this.#process.on("error", (error) => this.#waiting.shift()?.reject(error));
  }
  async ask(request) {
    const answer = await new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#process.stdin.write(JSON.stringify(request) + "\n");
    });
    if (answer.error) throw Object.assign(new Error(`${answer.error}: ${answer.message}`), { code: answer.error });
    return answer;
  }
  async stop() {
    this.#process.stdin.end();
    await new Promise((resolve) => this.#process.once("exit", resolve));
  }
}

export class OurMember {
  static kind = "unhidra";
  static proposes = ["add", "remove", "update"];
  static reorders = 50; // messages of one sender that may come late
  #tool;
  #private;
  constructor(name, { tool, privateHandshakes }) {
    this.name = name;
    this.#tool = tool;
    this.#private = privateHandshakes;
  }
  static async make(name, context) {
    await context.tool.ask({ op: "new", member: name, suite: context.suite });
    return new OurMember(name, context);
  }
  #ask(op, more = {}) {
    return this.#tool.ask({ op, member: this.name, private: this.#private, ...more });
  }
  async keyPackage() {
    return bytes((await this.#ask("key_package")).key_package);
  }
  async create(group) {
    await this.#ask("create", { group: hex(group) });
  }
  async join(welcome) {
    await this.#ask("join", { welcome: hex(welcome) });
  }
  async externalJoin(groupInfo, resync) {
    return bytes((await this.#ask("external_join", { group_info: hex(groupInfo), resync })).commit);
  }
  // Takes effect at once; proposals that were received are covered.
  async commit({ add = [], remove = [] } = {}) {
    const made = await this.#ask("commit", { add: add.map(hex), remove });
    return { commit: bytes(made.commit), welcome: made.welcome && bytes(made.welcome) };
  }
  async propose(kind, what) {
    const value = kind === "add" ? { add: hex(what) } : kind === "remove" ? { remove: what } : {};
    return bytes((await this.#ask(`propose_${kind}`, value)).message);
  }
  async receive(message) {
    const got = await this.#ask("receive", { message: hex(message) });
    return { ...got, data: got.data && bytes(got.data) };
  }
  async encrypt(data) {
    return bytes((await this.#ask("encrypt", { data: hex(data) })).message);
  }
  async groupInfo() {
    return bytes((await this.#ask("group_info")).group_info);
  }
  async state() {
    return this.#ask("state");
  }
}
