import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { kNarrow } from "./src/lib/width";
import { finish } from "./tools/finish";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const require = createRequire(import.meta.url);

/** The one width that style sheets and screens agree on. */
const narrow = {
  name: "narrow",
  enforce: "pre" as const,
  transform: (code: string, id: string) => (id.endsWith(".css") ? { code: code.replaceAll("(--narrow)", kNarrow), map: null } : undefined),
};

export default defineConfig({
  plugins: [narrow, react(), finish()],
  resolve: {
    alias: {
      "@core": path("../packages/core/src"),
      // The browser's edition decodes entities with innerHTML, which Trusted Types forbid.
      "decode-named-character-reference": require.resolve("decode-named-character-reference"),
    },
  },
  logLevel: "warn",
  build: {
    reportCompressedSize: false,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      // Comments of virtua that only other bundlers understand.
      onwarn: (warning, warn) => warning.code !== "INVALID_ANNOTATION" && warn(warning),
      input: { main: path("index.html"), sw: path("src/sw.ts") },
      output: { entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
  worker: { format: "es" },
  test: { include: ["test/unit/**/*.test.{ts,tsx}"] },
});
