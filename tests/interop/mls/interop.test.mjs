// libs/mls against ts-mls and core-crypto (OpenMLS), live: every pair in both directions, then random schedules.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { CoreCryptoMember } from "./core_crypto_member.mjs";
import { MemberTool, OurMember } from "./our_member.mjs";
import { Schedule } from "./schedule.mjs";
import { TsMember } from "./ts_member.mjs";

const kinds = [OurMember, TsMember, CoreCryptoMember];
const suites = [3, 1, 2, 5, 7];
// The NIST curves are slow in JavaScript, so that the schedules have fewer of those.
const scheduled = [3, 1, 2, 3, 1, 3, 5, 1, 3, 2, 1, 3, 7, 1, 3, 2, 3, 1, 2, 3];
const steps = 100;
const firstSeed = Number(process.env.UNHIDRA_TEST_SEED ?? 9420);
const utf8 = (text) => new TextEncoder().encode(text);
// What this process plays, so that several can go on at once; without it all.
const part = process.env.UNHIDRA_INTEROP_PART;
assert.ok([undefined, "pairs", "schedules of the first half", "schedules of the second half"].includes(part), `there is no part ${part}`);
const plays = (name) => part === undefined || part === name;

let tool;
before(() => {
  const program = process.env.UNHIDRA_MLS_MEMBER_TOOL;
  assert.ok(program, "UNHIDRA_MLS_MEMBER_TOOL names the program of libs/mls");
  tool = new MemberTool(program);
});
after(() => tool.stop());

async function agree(...members) {
  const [first, ...others] = await Promise.all(members.map((member) => member.state()));
  for (const other of others) assert.deepEqual({ ...other, members: other.members.sort() }, { ...first, members: first.members.sort() });
}
async function say(from, to, text) {
  const got = await to.receive(await from.encrypt(utf8(text)));
  assert.deepEqual(Buffer.from(got.data), Buffer.from(text));
}

// `a` creates, adds `b`, which updates; `c` comes from outside where the implementation gives a GroupInfo.
async function life(A, B, C, context) {
  const [a, b, c] = await Promise.all([A.make("a", context), B.make("b", context), C.make("c", context)]);
  await a.create(context.group);
  await b.join((await a.commit({ add: [await b.keyPackage()] })).welcome);
  await agree(a, b);
  await say(a, b, "welcome");
  await say(b, a, "thanks");
  assert.equal((await a.receive((await b.commit()).commit)).type, "commit");
  await agree(a, b);
  const first = await b.encrypt(utf8("1"));
  const second = await b.encrypt(utf8("2"));
  for (const message of [second, first]) assert.equal((await a.receive(message)).type, "application");
  await c.externalJoin(await b.groupInfo(), false).then(async (commit) => {
    for (const member of [a, b]) assert.equal((await member.receive(commit)).type, "commit");
  });
  await agree(a, b, c);
  await say(c, a, "in by myself");
  const { commit } = await c.commit({ remove: ["b"] });
  assert.equal((await b.receive(commit)).removed, true);
  await a.receive(commit);
  await agree(a, c);
  await say(a, c, "without b");
}

for (const A of plays("pairs") ? kinds : []) {
  for (const B of kinds) {
    if (A !== OurMember && B !== OurMember) continue; // theirs alone are not under test
    test(`${A.kind} creates, ${B.kind} joins, from outside too, and commits`, async () => {
      for (const suite of suites) {
        for (const privateHandshakes of [false, true]) {
          if (privateHandshakes && [A, B].some((kind) => kind.outside === "public")) continue;
          await life(A, B, A, { tool, suite, privateHandshakes, group: utf8("group") });
        }
      }
    });
  }
}

for (const [i, suite] of scheduled.entries()) {
  if (!plays(`schedules of the ${i < scheduled.length / 2 ? "first" : "second"} half`)) continue;
  const seed = firstSeed + i;
  const privateHandshakes = i % 2 === 1;
  test(`schedule of seed ${seed}, suite ${suite}, ${privateHandshakes ? "private" : "public"} handshakes`, async (t) => {
    const schedule = new Schedule(seed, kinds, { tool, suite, privateHandshakes });
    await schedule.start();
    for (let step = 0; step < steps; ++step) {
      try {
        await schedule.step();
      } catch (error) {
        const detail = error.context ? ` ${JSON.stringify(error.context)}` : "";
        throw new Error(`seed ${seed}, step ${step}: ${error.message}${detail}`, { cause: error });
      }
    }
    await schedule.finish();
    t.diagnostic(JSON.stringify(schedule.counts));
  });
}
