// The size of the first load; bench/budgets.mjs measures what depends on the machine.
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstLoad } from "./first-load.mjs";

test("the first load keeps to its budget", () => {
  const { scripts, script, module } = firstLoad();
  assert.ok(scripts > 0 && script > 50_000, `${scripts} scripts of ${script} bytes: not what the page loads`);
  assert.ok(script <= 350_000, `${script} bytes of JavaScript, 350,000 are allowed`);
  assert.ok(module <= 600_000, `${module} bytes of WebAssembly, 600,000 are allowed`);
});
