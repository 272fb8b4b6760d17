#!/usr/bin/env bash
# install.sh FOLDER: installs what the lock file there names, and only when it changed.
set -euo pipefail
cd "$1"
stamp=node_modules/.installed
if ! cmp -s package-lock.json "$stamp"; then
  npm ci --ignore-scripts --no-audit --no-fund
  cp package-lock.json "$stamp"
fi
