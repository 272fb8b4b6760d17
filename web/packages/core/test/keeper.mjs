// Writes numbered commits into a store and tells each that is acknowledged, until it is killed:
//   node keeper.mjs FOLDER LAST
// First it looks whether the commit LAST, and what every commit before it has left, is there.
import { writeSync } from "node:fs";
import { Changes, openFolder } from "../dist/node.js";

const kRecords = 16;
const [folder, last] = [process.argv[2], Number(process.argv[3])];
const name = (n) => Buffer.from(n.toString(16).padStart(64, "0"), "hex");
const tell = (line) => writeSync(1, `${line}\n`);

const put = (n, content) => {
  const head = Buffer.alloc(53, 0x0b);
  head[0] = 1;
  name(n).copy(head, 1);
  head.writeUInt32BE(content.length, 49);
  return Buffer.concat([head, Buffer.from(content)]);
};
const numberIn = (n) => Number(Buffer.from(store.get(name(n)) ?? "0").toString().split(" ")[0]);

const store = openFolder(folder);
let number = numberIn(0);
for (let n = 1; n <= kRecords; ++n) {
  const newest = numberIn(n);
  if (newest > number || newest <= number - kRecords || (number > kRecords && newest === 0)) {
    tell("lost");
  }
}
if (number < last) {
  tell("lost");
}
for (;;) {
  ++number;
  store.commit(new Changes(new Uint8Array(Buffer.concat([put(0, `${number} `), put(1 + (number % kRecords), `${number} `.padEnd(20_000, "."))]))));
  tell(number);
}
