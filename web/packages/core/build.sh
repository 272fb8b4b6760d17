#!/usr/bin/env bash
# Builds the package: the module (preset wasm), then the TypeScript around it. Quick when nothing changed.
set -euo pipefail
cd "$(dirname "$0")"
root=../../..
for program in clang++-19 node npm; do
  if ! command -v "$program" >/dev/null; then
    echo "web/packages/core needs $program (tools/packages.txt)" >&2
    exit 1
  fi
done

export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$(realpath "$root")} CCACHE_NOHASHDIR=1
(cd "$root" && cmake --preset wasm >/dev/null && cmake --build build/wasm --target unhidra_core_module)

# What the lock file names, and only when it changed.
stamp=node_modules/.installed
if ! cmp -s package-lock.json "$stamp"; then
  npm ci --ignore-scripts --no-audit --no-fund
  cp package-lock.json "$stamp"
fi
newest=$(find src build.mjs tsconfig.json package.json package-lock.json "$root/build/wasm/bin/unhidra_core.wasm" \
  -newer dist/.built -print -quit 2>&1 || true)
if [ -n "$newest" ]; then
  npm run --silent build
  touch dist/.built
fi
