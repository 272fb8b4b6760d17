// Large groups in other implementations of MLS, in CPU time, beside mls_bench: the same group, built the same way.
// node bench/mls_peers.mjs <mls_member_tool> [members]      after tests/interop/mls/install.sh
import { CoreCryptoMember } from "../tests/interop/mls/core_crypto_member.mjs";
import { MemberTool, OurMember } from "../tests/interop/mls/our_member.mjs";
import { TsMember } from "../tests/interop/mls/ts_member.mjs";

const [, , program, count = "1000"] = process.argv;
const members = Number(count);
const tool = new MemberTool(program);

// Our process's share is not counted: it only fills the group.
async function cpu(what, times, run) {
  const start = process.cpuUsage();
  for (let i = 0; i < times; ++i) await run(i);
  const { user, system } = process.cpuUsage(start);
  console.log(`${what.padEnd(44)} ${((user + system) / 1000 / times).toFixed(3).padStart(11)} ms`);
}

// The creator and a neighbour at leaf 1 are of the kind that is measured, and so is the last leaf; ours fill the rest, and
// those at 2, 4, 8, ... commit once, so that the copaths of the three have keys.
async function measure(Kind) {
  console.log(`${Kind.kind}, ${members} members, suite 3`);
  const context = { tool, suite: 3, privateHandshakes: false, group: new TextEncoder().encode(`bench ${Kind.kind}`) };
  const [creator, near, far] = await Promise.all(["creator", "near", "far"].map((name) => Kind.make(name, context)));
  await creator.create(context.group);
  const keyPackages = [await near.keyPackage()];
  const fillers = [];
  for (let leaf = 2; leaf < members - 1; ++leaf) {
    const ours = await OurMember.make(`m${leaf}`, context);
    keyPackages.push(await ours.keyPackage());
    if ((leaf & (leaf - 1)) === 0) fillers.push(ours);
  }
  keyPackages.push(await far.keyPackage());
  let added;
  await cpu("create by one add commit", 1, async () => (added = await creator.commit({ add: keyPackages })));
  await cpu("join from the Welcome, tree in it", 1, () => near.join(added.welcome));
  await far.join(added.welcome);
  for (const filler of fillers) await filler.join(added.welcome);
  for (const by of [...fillers, near, far]) {
    const { commit } = await by.commit();
    for (const to of [creator, near, far, ...fillers]) if (to !== by) await to.receive(commit);
  }
  const commits = [];
  await cpu("own commit", 10, async () => commits.push((await creator.commit()).commit));
  await cpu("processing it, committer's neighbour", 10, (i) => near.receive(commits[i]));
  await cpu("processing it, other half of the tree", 10, (i) => far.receive(commits[i]));
  const sent = [];
  await cpu("application message: encrypt", 200, async () => sent.push(await creator.encrypt(new Uint8Array(64).fill(1))));
  await cpu("application message: parse and decrypt", 200, (i) => near.receive(sent[i]));
}

for (const kind of [TsMember, CoreCryptoMember]) await measure(kind);
await tool.stop();
process.exit(0);
