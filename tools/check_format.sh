#!/usr/bin/env bash
# Checks (or, with --fix, applies) the formatting of every tracked C and C++ file.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(--dry-run -Werror)
[ "${1:-}" = --fix ] && mode=(-i)
git ls-files -co --exclude-standard -- '*.h' '*.cpp' '*.c' | xargs -r -n 40 -P 2 clang-format-19 --style=file "${mode[@]}"
