// The client core as WebAssembly beside the same code as machine code, in one run:
//   node bench/core_ratio.mjs build/release/bin/core_bench build/wasm/bin/core_bench.wasm [ROUNDS]
// Both programs run in turn; of each operation the best time of all rounds counts. Exits 1 when an operation with a
// mark is slower than the mark allows.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const kMark = 0.25;
const kMarked = /^(x25519|aead_|ratchet_)/;
const [native, wasm, rounds = "3"] = process.argv.slice(2);

function run(command, args) {
  const out = execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return new Map(out.trim().split("\n").map((line) => [line.split(" ")[0], Number(line.split(" ")[1])]));
}
const best = { native: new Map(), wasm: new Map() };
for (let round = 0; round < Number(rounds); ++round) {
  for (const [side, figures] of [
    ["native", run(native, [])],
    ["wasm", run(process.execPath, ["--no-warnings", fileURLToPath(new URL("wasm.mjs", import.meta.url)), wasm])],
  ]) {
    figures.forEach((figure, name) => best[side].set(name, Math.min(figure, best[side].get(name) ?? Infinity)));
  }
}

console.log(`best of ${rounds} rounds, Node ${process.version}\n`);
console.log("| operation | native us | WebAssembly us | speed, WebAssembly : native |\n|---|---|---|---|");
let slow = 0;
for (const [name, figure] of best.native) {
  const other = best.wasm.get(name);
  const ratio = figure / other;
  const failed = kMarked.test(name) && !(ratio >= kMark);
  slow += failed;
  const [native_us, wasm_us] = [figure, other].map((nanoseconds) => (nanoseconds / 1000).toFixed(2));
  console.log(`| ${name} | ${native_us} | ${wasm_us} | ${ratio.toFixed(2)}${failed ? " TOO SLOW" : ""} |`);
}
process.exit(slow === 0 ? 0 : 1);
