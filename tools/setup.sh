# Sourced by ./run and ./test: installs the Debian packages that are missing, names the build environment.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }

# install_packages PURPOSE...: installs every package of tools/packages.txt listed under one of the purposes, unless the
# command that it is wanted for is there already.
install_packages() {
  local root missing=() purpose name command wanted
  root=$(dirname "${BASH_SOURCE[0]}")
  while read -r purpose name command; do
    if [ -n "$command" ] && command -v "$command" >/dev/null; then
      continue
    fi
    for wanted in "$@"; do
      if [ "$purpose" = "$wanted" ] && ! dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed'; then
        missing+=("$name")
      fi
    done
  done < <(grep -v '^#' "$root/packages.txt")
  [ ${#missing[@]} -eq 0 ] && return 0

  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      say "These Debian packages are missing, and this is neither root nor is there sudo: ${missing[*]}"
      return 1
    fi
    sudo=(sudo)
  fi
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { "${sudo[@]}" apt-get -o DPkg::Lock::Timeout=600 update &&
         "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y \
           --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    say "The installation failed; the whole log is $log"
    return 1
  fi
  rm -f "$log"
}

# build_preset PRESET [TARGET...]: configures when needed and builds; prints only what matters.
build_preset() {
  local preset=$1 log
  shift
  export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD} CCACHE_NOHASHDIR=1
  log=$(mktemp)
  # Always configured: a room that is new in the tree joins the build.
  if ! cmake --preset "$preset" >"$log" 2>&1; then
    cat "$log" >&2
    return 1
  fi
  if [ -t 2 ]; then
    NINJA_STATUS='[%f/%t] ' cmake --build "build/$preset" ${1:+--target "$@"} >&2 || return 1
  elif ! cmake --build "build/$preset" ${1:+--target "$@"} >"$log" 2>&1; then
    grep -v '^\[' "$log" | tail -n 80 >&2
    return 1
  fi
  rm -f "$log"
}
