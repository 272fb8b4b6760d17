// A group of members of several implementations that lives through random steps. The schedule is the delivery service:
// one commit an epoch, messages late and out of order as far as the receiver's implementation keeps keys.
import assert from "node:assert/strict";

const least = 3;
const most = 8;
const utf8 = (text) => new TextEncoder().encode(text);

// Repeats for a seed (mulberry32).
export function seededRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound) => Math.floor(next() * bound);
  return { below, pick: (list) => list[below(list.length)], shuffle: (list) => list.map((v) => [next(), v]).sort((a, b) => a[0] - b[0]).map((p) => p[1]) };
}

export class Schedule {
  members = [];
  counts = {};
  #epoch = 0;
  #names = 0;
  #sent = 0;
  #late = []; // { from, to, epoch, number, message, data }
  constructor(seed, kinds, context) {
    this.random = seededRandom(seed);
    this.kinds = kinds;
    this.context = { ...context, group: utf8(`group ${seed}`) };
  }

  async start() {
    const first = await this.#newcomer(this.kinds[this.random.below(this.kinds.length)]);
    await first.create(this.context.group);
    this.members.push(first);
    // One member of each implementation, whatever follows.
    for (const kind of this.kinds) await this.#add(first, kind);
  }

  async step() {
    const n = this.members.length;
    const possible = [
      ...Array(8).fill("talk"), "update", "update", "propose", "propose", "resync",
      ...(n < most ? ["add", "add", "externalJoin"] : []),
      ...(n > least ? ["remove"] : []),
    ];
    const what = this.random.pick(possible);
    this.counts[what] = (this.counts[what] ?? 0) + 1;
    await this[`_${what}`]();
    await this.#deliverSome(3);
  }

  async finish() {
    await this.#deliverSome(Infinity);
    assert.equal(this.#late.length, 0);
  }

  async _talk() {
    const from = this.random.pick(this.members);
    for (let i = 1 + this.random.below(4); i > 0; --i) {
      const data = utf8(`${from.name} says ${++this.#sent}`);
      const message = await from.encrypt(data);
      for (const to of this.#others(from)) this.#late.push({ from, to, epoch: this.#epoch, number: this.#sent, message, data });
    }
  }
  async _update() {
    await this.#commit(this.random.pick(this.members), {});
  }
  async _add() {
    await this.#add(this.random.pick(this.members), this.random.pick(this.kinds));
  }
  async _remove() {
    const [by, gone] = this.random.shuffle(this.members);
    await this.#commit(by, { remove: [gone.name] });
  }
  async _externalJoin() {
    const joiner = await this.#newcomer(this.random.pick(this.kinds));
    await this.#fromOutside(joiner, false);
  }
  async _resync() {
    const back = this.random.pick(this.members);
    await this.#fromOutside(back, true);
  }
  // Proposals by reference, of other members than the one that commits and those who go.
  async _propose() {
    const [committer, second, gone] = this.random.shuffle(this.members);
    const proposer = this.random.pick(this.members.filter((m) => m !== committer && m.constructor.proposes.length > 0));
    if (!proposer) return;
    const joining = [];
    const kinds = proposer.constructor.proposes.filter(
      (kind) => (kind !== "remove" || this.members.length > least) && (kind !== "add" || this.members.length < most),
    );
    if (kinds.length === 0) return;
    const kind = this.random.pick(kinds);
    let what;
    if (kind === "add") {
      joining.push(await this.#newcomer(this.random.pick(this.kinds)));
      what = await joining[0].keyPackage();
    } else if (kind === "remove") {
      what = (gone !== proposer ? gone : second).name;
    }
    const message = await proposer.propose(kind, what);
    for (const to of this.#others(proposer)) assert.equal((await this.#receive(proposer, to, message)).type, "proposal");
    await this.#commit(committer, {}, joining, kind === "remove" ? [what] : []);
  }

  #others(member) {
    return this.members.filter((other) => other !== member);
  }
  #newcomer(kind) {
    return kind.make(`${kind.kind} ${++this.#names}`, this.context);
  }
  async #add(by, kind) {
    const joiner = await this.#newcomer(kind);
    await this.#commit(by, { add: [await joiner.keyPackage()] }, [joiner]);
  }

  async #commit(by, what, joining = [], gone = what.remove ?? []) {
    await this.#deliverOld(gone);
    const { commit, welcome } = await by.commit(what);
    await this.#follow(by, commit);
    const lost = [];
    for (const joiner of joining) {
      const joined = await this.#orWrongly(joiner, () => joiner.join(welcome).then(() => true));
      (joined ? this.members : lost).push(joiner);
    }
    if (lost.length === 0) return this.#agree();
    await this.#commit(this.random.pick(this.members), { remove: lost.map(({ name }) => name) });
  }
  // Undefined when the member's implementation refuses what is right in a way that is known of it.
  async #orWrongly(member, run) {
    try {
      return await run();
    } catch (error) {
      if (!member.constructor.refusesWrongly?.(error)) throw error;
      this.counts.refusedWrongly = (this.counts.refusedWrongly ?? 0) + 1;
    }
  }
  async #fromOutside(joiner, resync) {
    await this.#deliverOld(resync ? [joiner.name] : []);
    const all = [joiner, ...this.members];
    if (this.context.privateHandshakes && all.some((member) => member.constructor.outside === "public")) return;
    let info;
    for (const giver of this.random.shuffle(this.#others(joiner))) {
      info = await giver.groupInfo();
      if (info) break;
    }
    if (!info) return;
    const commit = await this.#orWrongly(joiner, () => joiner.externalJoin(info, resync));
    if (!commit) return;
    this.#late = this.#late.filter(({ to }) => to !== joiner);
    await this.#follow(joiner, commit);
    if (!resync) this.members.push(joiner);
    await this.#agree();
  }
  async #follow(by, commit) {
    const gone = [];
    for (const to of this.random.shuffle(this.#others(by))) {
      const got = await this.#receive(by, to, commit);
      assert.equal(got.type, "commit");
      if (got.removed) gone.push(to);
    }
    this.members = this.members.filter((member) => !gone.includes(member));
    this.#late = this.#late.filter(({ to }) => !gone.includes(to));
    ++this.#epoch;
  }
  // All have the same epoch, members and exported secret.
  async #agree() {
    const states = await Promise.all(this.members.map((member) => member.state()));
    const names = this.members.map((member) => member.name).sort();
    states.forEach((state, i) => {
      const who = this.members[i].name;
      assert.equal(state.epoch, this.#epoch, `epoch of ${who}`);
      assert.deepEqual([...state.members].sort(), names, `members as ${who} sees them`);
      assert.equal(state.secret, states[0].secret, `exported secret of ${who}`);
    });
  }

  async #receive(from, to, message) {
    try {
      return await to.receive(message);
    } catch (error) {
      error.message += ` (${from.name} to ${to.name}, epoch ${this.#epoch})`;
      throw error;
    }
  }
  async #deliver(late) {
    this.#late.splice(this.#late.indexOf(late), 1);
    const got = await this.#receive(late.from, late.to, late.message);
    assert.equal(got.type, "application");
    assert.deepEqual(Buffer.from(got.data), Buffer.from(late.data), `${late.from.name} to ${late.to.name}`);
  }
  // What is not so far ahead of an older message that the receiver would have dropped that one's key.
  #ready() {
    return this.#late.filter(({ from, to, epoch, number }) => {
      const older = this.#late.filter((l) => l.from === from && l.to === to && l.epoch === epoch && l.number < number);
      return older.length === 0 || number - older[0].number <= to.constructor.reorders;
    });
  }
  async #deliverSome(count) {
    for (; count > 0 && this.#late.length > 0; --count) await this.#deliver(this.random.pick(this.#ready()));
  }
  // Nothing stays longer than into the next epoch, and what those say who go comes before they do.
  async #deliverOld(gone) {
    for (;;) {
      const old = this.#ready().filter(({ from, epoch }) => epoch < this.#epoch || gone.includes(from.name));
      if (old.length === 0) break;
      await this.#deliver(this.random.pick(old));
    }
  }
}
