#!/usr/bin/env bash
# Plays a conversation through a server of its own: two people, three devices, some messages while one is offline. Then
# shows what the server stored; a thermostat enrols, reports, obeys what is typed in the chat and is revoked. Verifies the audit chain. Ends by itself; not zero when anything is off.
#   tools/demo.sh BIN_DIR
set -euo pipefail
bin=$(cd "${1:?the folder with unhidra, unhidra-cli and unhidra-device}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
server_pid=
device_pid=
hub_pid=
cleanup() {
  local pid
  for pid in $device_pid $hub_pid $server_pid; do
    if kill -0 "$pid" 2>/dev/null; then
      kill "$pid"
      wait "$pid" 2>/dev/null || true
    fi
  done
  rm -rf "$work"
}
trap cleanup EXIT

bold='' dim='' plain=''
if [ -t 1 ]; then
  bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
fi
title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
off() {
  printf 'The demo is off: %s\n' "$*" >&2
  [ -f "$work/server.log" ] && tail -n 15 "$work/server.log" >&2
  exit 1
}
# expect WHAT HAYSTACK NEEDLE
expect() { grep -qF -- "$3" <<<"$2" || off "$1: expected \"$3\" in: $2"; }

# shellcheck source=tools/demo_devices.sh
. "$here/demo_devices.sh"

title "A server starts on free ports, with a certificate authority of its own"
"$bin/unhidra" serve --data-dir "$work/server" --set auth.listen=127.0.0.1:0 --set gateway.listen=127.0.0.1:0 \
  --set automation.listen=127.0.0.1:0 --set automation.mqtt_listen=127.0.0.1:0 --set automation.mqtts_listen=127.0.0.1:0 \
  --set "automation.policy=$here/demo_topics" --set 'automation.encrypted_topics=devices/+/telemetry,devices/+/state,devices/+/command,devices/+/result' \
  --set auth.open_sign_up=true --set log.level=warn >"$work/server.out" 2>"$work/server.log" </dev/null &
server_pid=$!
for _ in $(seq 100); do
  grep -q '^Ready' "$work/server.out" 2>/dev/null && break
  kill -0 "$server_pid" 2>/dev/null || off "the server ended"
  sleep 0.1
done
server=$(sed -n 's/^ *Auth *\(https:[^ ]*\).*/\1/p' "$work/server.out")
[ -n "$server" ] || off "the server did not say where it listens"
sed 's/^/  /' "$work/server.out"

printf 'correct horse battery staple\n' >"$work/password"
# cli PROFILE ARGUMENTS...: the real command-line client, as that device
cli() {
  local profile=$1
  shift
  UNHIDRA_PASSPHRASE="demo passphrase of $profile" "$bin/unhidra-cli" --profile "$work/$profile" \
    --server "$server" --ca "$work/server/ca.pem" "$@" </dev/null
}
# step PROFILE ARGUMENTS...: the same, shown
step() {
  local profile=$1 out
  shift
  printf '%s%s$ unhidra-cli %s%s\n' "$dim" "$profile" "$*" "$plain" >&2
  out=$(cli "$profile" "$@") || off "$profile: unhidra-cli $* failed: $out"
  [ -z "$out" ] || sed 's/^/  /' <<<"$out" >&2
  printf '%s\n' "$out"
}

title "Alice and Bob sign up; each device makes its own keys"
step alice-laptop register --username alice --password-file "$work/password" >/dev/null
step bob-laptop register --username bob --password-file "$work/password" >/dev/null

title "Alice adds a phone; her laptop approves it"
step alice-phone login --username alice --password-file "$work/password" >/dev/null
phone=$(cli alice-laptop --json devices | sed -n 's/.*"device_id":"\([^"]*\)".*"state":"pending".*/\1/p;s/.*"state":"pending".*"device_id":"\([^"]*\)".*/\1/p' | head -n 1)
[ -n "$phone" ] || off "the phone is not pending: $(cli alice-laptop --json devices)"
step alice-laptop devices approve "$phone" >/dev/null

title "Both compare the same safety number"
one=$(cli alice-laptop --json verify bob | sed -n 's/.*"safety_number":"\([^"]*\)".*/\1/p')
two=$(cli bob-laptop --json verify alice | sed -n 's/.*"safety_number":"\([^"]*\)".*/\1/p')
[ -n "$one" ] && [ "$one" = "$two" ] || off "the safety numbers differ: '$one' and '$two'"
printf '  %s\n' "$one"

title "They write to each other; Bob is offline for the first messages"
step alice-laptop send bob "Hello Bob, are you there?" >/dev/null
step alice-laptop send bob "The vault code is 4711" >/dev/null
heard=$(step bob-laptop listen --count 2 --timeout 20)
expect "Bob hears Alice" "$heard" "The vault code is 4711"
step bob-laptop send alice "Loud and clear" >/dev/null
expect "Alice's laptop" "$(step alice-laptop listen --count 1 --timeout 20)" "Loud and clear"
expect "Alice's phone" "$(step alice-phone listen --count 1 --timeout 20)" "Loud and clear"
step alice-phone send bob "And this is from my phone" >/dev/null
expect "Bob" "$(step bob-laptop listen --count 1 --timeout 20)" "And this is from my phone"
expect "Alice's laptop sees what her phone sent" "$(step alice-laptop listen --count 1 --timeout 20)" "And this is from my phone"

title "Bob's history"
history=$(step bob-laptop history alice)
for text in "Hello Bob, are you there?" "The vault code is 4711" "Loud and clear" "And this is from my phone"; do
  expect "Bob's history" "$history" "$text"
  [ "$(grep -cF -- "$text" <<<"$history")" = 1 ] || off "Bob sees \"$text\" more than once"
done

title "What the server stored: ciphertext"
step alice-laptop send bob "Only Bob can read this" >/dev/null
"$bin/unhidra" admin messages --data-dir "$work/server" --limit 3 | sed 's/^/  /'
for text in "vault code" "Loud and clear" "Only Bob can read this"; do
  if grep -rqaF -- "$text" "$work/server"; then
    off "the server's files hold the plain text \"$text\""
  fi
done
printf '  None of the texts above is anywhere in the files of the server.\n'

demo_devices

title "The audit chain"
audit=$("$bin/unhidra" admin audit verify --data-dir "$work/server") || off "the audit chain does not verify: $audit"
sed 's/^/  /' <<<"$audit"

title "The server stops when it is told to"
kill "$server_pid"
wait "$server_pid" || off "the server did not stop cleanly"
server_pid=
printf '\nAll of it went as it should.\n'
