#!/usr/bin/env bash
# clang-tidy over the C++ files that changed since a commit (default: where this branch left main), with the compile commands
# of a build folder: tools/check_tidy.sh [COMMIT [BUILD_FOLDER]]. Fails when clang-tidy has something to say.
set -euo pipefail
cd "$(dirname "$0")/.."
since=${1:-$(git merge-base HEAD origin/main 2>/dev/null || git merge-base HEAD main)}
build=${2:-build/quick}
if [ ! -f "$build/compile_commands.json" ]; then
  cmake --preset "$(basename "$build")" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >/dev/null
fi
mapfile -t files < <(git diff --name-only --diff-filter=d "$since" -- '*.cpp')
if [ ${#files[@]} -eq 0 ]; then
  echo "no C++ file has changed since $since"
  exit 0
fi
printf '%s\n' "${files[@]}" | xargs -P 2 -n 1 clang-tidy-19 -p "$build" --quiet --warnings-as-errors='*'
echo "${#files[@]} files: clang-tidy has nothing to say"
