// Puts the module beside the compiled sources, and bundles the worker for browsers into one file.
// UNHIDRA_CORE_WASM: where the preset `wasm` left unhidra_core.wasm.
import { copyFileSync } from "node:fs";
import { build } from "esbuild";

const module = process.env.UNHIDRA_CORE_WASM ?? new URL("../../../build/wasm/bin/unhidra_core.wasm", import.meta.url);
copyFileSync(module, new URL("dist/unhidra_core.wasm", import.meta.url));
await build({
  entryPoints: ["src/worker.ts", "src/index.ts"],
  outdir: "dist/browser",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  logLevel: "warning",
});
