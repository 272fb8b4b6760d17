#!/usr/bin/env bash
# Installs what the lock file names, and only when it changed.
set -euo pipefail
cd "$(dirname "$0")"
stamp=node_modules/.installed
if ! cmp -s package-lock.json "$stamp"; then
  npm ci --ignore-scripts --no-audit --no-fund
  cp package-lock.json "$stamp"
fi
