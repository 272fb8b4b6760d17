#!/usr/bin/env bash
# debian_source.sh PACKAGE FOLDER: unpacks a source package of this machine's Debian release into FOLDER.
# The machine's own package sources are asked for `deb-src` in a configuration that lives only as long as this script;
# apt verifies the archive's signature and, through it, every file. Works without root. Needs dpkg-dev.
set -euo pipefail
package=$1
folder=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{sources,lists/partial,cache/archives/partial,unpack}

for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [ -f "$file" ] && sed -n 's/^deb[[:space:]]/deb-src /p' "$file" >>"$work/sources/machine.list"
done
for file in /etc/apt/sources.list.d/*.sources; do
  [ -f "$file" ] && sed 's/^Types:.*/Types: deb-src/' "$file" >"$work/sources/${file##*/}"
done

options=(-q -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$work/sources" -o "Dir::State::Lists=$work/lists"
  -o "Dir::Cache=$work/cache" -o "APT::Sandbox::User=$(id -un)" -o APT::Get::AllowUnauthenticated=false)
# A source of somebody else may have no source packages; whether ours is among what came is told by the next step.
apt-get "${options[@]}" update >"$work/log" 2>&1 </dev/null || true
if ! (cd "$work/unpack" && apt-get "${options[@]}" source --only-source "$package" >>"$work/log" 2>&1 </dev/null); then
  cat "$work/log" >&2
  exit 1
fi
unpacked=("$work/unpack/$package"-*/)
mkdir -p "$(dirname "$folder")"
rm -rf "$folder.part"
cp -R "${unpacked[0]}" "$folder.part"
mv "$folder.part" "$folder"
