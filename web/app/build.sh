#!/usr/bin/env bash
# Builds the web client into dist/: the core first, then the application around it. Quick when nothing changed.
set -euo pipefail
cd "$(dirname "$0")"
../packages/core/build.sh

# What the lock file names, and only when it changed.
stamp=node_modules/.installed
if ! cmp -s package-lock.json "$stamp"; then
  npm ci --ignore-scripts --no-audit --no-fund
  cp package-lock.json "$stamp"
fi
newest=$(find src public tools index.html vite.config.ts package-lock.json ../packages/core/src \
  ../packages/core/dist/unhidra_core.wasm -newer dist/index.html -print -quit 2>&1 || true)
if [ -n "$newest" ]; then
  npm run --silent build
fi
