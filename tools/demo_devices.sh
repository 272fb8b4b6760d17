# shellcheck shell=bash
# The automation part of the demo, sourced by demo.sh when its server runs: a thermostat enrols, is let into its owner's device
# group, is refused where its policy ends, publishes encrypted readings, obeys what is typed in a chat, misses a command and
# gets it later, is revoked and cut off.
# Uses from there: bin work server title step cli off expect dim plain.

# field NAME: its values in the JSON lines of standard input
field() { python3 -c 'import json, sys
for line in sys.stdin:
    try:
        value = json.loads(line).get(sys.argv[1])
    except ValueError:
        continue
    if value is not None:
        print(value if isinstance(value, str) else json.dumps(value))' "$1"; }

# thing NAME ARGUMENTS...: the device program, as that device
thing() {
  local name=$1
  shift
  "$bin/unhidra-device" --dir "$work/$name" "$@" </dev/null
}
# show NAME ARGUMENTS...: the same, shown
show() {
  local out
  printf '%s%s$ unhidra-device %s%s\n' "$dim" "$1" "${*:2}" "$plain" >&2
  out=$(thing "$@") || off "$1: unhidra-device ${*:2} failed: $out"
  sed 's/^/  /' <<<"$out" >&2
  printf '%s\n' "$out"
}
# until_said FILE EVENT: waits until a running device has said so
until_said() {
  for _ in $(seq 100); do
    grep -q "\"event\":\"$2\"" "$1" 2>/dev/null && return
    sleep 0.1
  done
  off "no $2 in $(tail -n 5 "$1")"
}

# The thermostat, running until it is stopped.
power_up() {
  : >"$work/thermostat.out"  # here, so that nobody reads what it said in its last life
  "$bin/unhidra-device" --dir "$work/thermostat" run --kind thermostat --interval 1 </dev/null >>"$work/thermostat.out" 2>&1 &
  device_pid=$!
}

# Without a warning, as power goes.
power_off() {
  kill -KILL "$device_pid"
  wait "$device_pid" 2>/dev/null || true
  device_pid=
}

# enrolled NAME TYPE: registers it, and lets it enrol with its one-time code
enrolled() {
  local made
  made=$(cli owner --json device --devices "$devices" add "$1" --type "$2" --encrypted) || off "device add $1: $made"
  printf '%s\n' "$made" | field code >"$work/$1.code"
  printf '%s\n' "$made" | field device_id | head -n 1 >"$work/$1.id"
  show "$1" enrol --server "${devices#https://}" --broker "$broker" --ca "$work/server/ca.pem" \
    --device "$(cat "$work/$1.id")" --code-file "$work/$1.code" >/dev/null
}

# heard PROFILE TEXT: waits until that has come to this device
heard() {
  for _ in $(seq 15); do
    cli "$1" listen --timeout 2 >/dev/null 2>&1 || true
    cli "$1" history '#home' 2>/dev/null | grep -F -- "$2" | tail -n 1 >"$work/heard"
    [ -s "$work/heard" ] && sed 's/^/  /' "$work/heard" && return
  done
  off "$1 has not heard \"$2\": $(cli "$1" history '#home' 2>&1) $(tail -n 5 "$work/hub.out" "$work/thermostat.out")"
}

demo_owner() {
  local out
  title "Its owner's client lets it into a device group: it is told the owner's key, and shows its own as a code"
  out=$(cli owner --json device owner | field owner_key)
  show thermostat commission --owner "$out" | field commissioning_code >"$work/thermostat.code"
  step owner device group create house >/dev/null
  power_up
  until_said "$work/thermostat.out" connected
  step owner device --devices "$devices" group add house thermostat "--code=$(cat "$work/thermostat.code")" \
    --allow controller:set --allow hub:set --allow hub:mode >/dev/null
  until_said "$work/thermostat.out" group.joined
}

# A second device of the owner's account is the hub, which everybody sees in both lists of members.
demo_hub() {
  local id
  title "A hub runs rules and hears a conversation: another client of the owner, a member of the device group and of the chat"
  cli hub login --username owner --password-file "$work/password" >/dev/null
  id=$(cli hub --json status | field device_id | head -n 1)
  cli owner devices approve "$id" --yes >/dev/null
  cli hub listen --timeout 2 >/dev/null 2>&1 || true
  cli hub --json device owner >"$work/hub.keys"
  step owner device --devices "$devices" group add house "$id" "--code=$(field code <"$work/hub.keys")" --role hub >/dev/null
  step hub device group accept house >/dev/null
  step owner group create home alice >/dev/null
  cli alice-laptop listen --timeout 2 >/dev/null 2>&1 || true
  cli hub listen --timeout 2 >/dev/null 2>&1 || true
  cat >"$work/hub.json" <<JSON
{"bridges": [{"conversation": "home", "group": "house", "understand": true,
              "devices": [{"device": "$(cat "$work/thermostat.id")", "names": ["thermostat"], "type": "thermostat"}]}],
 "rules": [{"name": "frost", "when": {"device": "thermostat", "kind": "telemetry"}, "if": "input.json.temperature < 40",
            "do": {"device": "thermostat", "command": "mode heat"}, "quiet": 3600}]}
JSON
  UNHIDRA_PASSPHRASE="demo passphrase of hub" "$bin/unhidra-cli" --profile "$work/hub" --server "$server" \
    --ca "$work/server/ca.pem" --json hub "$work/hub.json" </dev/null >"$work/hub.out" 2>&1 &
  hub_pid=$!
}

demo_devices() {
  local invite thermostat out asking
  devices=$(sed -n 's/^ *Devices *\(https:[^ ]*\).*/\1/p' "$work/server.out")
  broker=$(sed -n 's/^ *MQTT *mqtts:\/\/\([^ ]*\).*/\1/p' "$work/server.out")
  invite=$(sed -n 's/.*\(uhs_[A-Za-z0-9_-]*\).*/\1/p' "$work/server.out" | head -n 1)
  [ -n "$devices" ] && [ -n "$broker" ] && [ -n "$invite" ] || off "the server did not say where devices connect"

  title "An administrator registers a thermostat; it makes its own key and enrols by EST"
  cli owner register --invite "$invite" --username owner --password-file "$work/password" >/dev/null
  enrolled thermostat thermostat
  thermostat=$(cat "$work/thermostat.id")
  demo_owner

  title "The thermostat tries a topic that its policy does not allow"
  power_off
  if out=$(thing thermostat run --count 1 --for 20 --topic devices/door/telemetry 2>&1); then
    off "a foreign topic was not refused: $out"
  fi
  expect "the broker" "$out" '"reason":"0x87"'
  grep -F publication.refused <<<"$out" | sed 's/^/  /'
  power_up

  demo_hub
  title "The hub, a member of the group, reads the encrypted readings: its rule acts, and says so in the chat"
  heard alice-laptop "thermostat (rule frost): ok: mode heat"
  title "Alice types a command in the chat; the thermostat obeys, and its answer comes back into the chat"
  step alice-laptop send '#home' "/device thermostat set 23.5" >/dev/null
  heard alice-laptop "thermostat: ok: target 23.5"
  title "Members of the group open what the thermostat reported; the server keeps ciphertext"
  step owner device --devices "$devices" twin "$thermostat" >"$work/twin"
  expect "the twin" "$(cat "$work/twin")" '"target":23.5'

  title "Its power goes; a command comes meanwhile; it obeys when it is back"
  power_off
  cli owner device --devices "$devices" command "$thermostat" set 19 --timeout 30 >"$work/asked" 2>&1 &
  asking=$!
  sleep 2
  kill -0 "$asking" 2>/dev/null || off "somebody answered for a thermostat without power: $(cat "$work/asked")"
  printf '  (no answer yet)\n'
  power_up
  wait "$asking" || off "no answer when it was back: $(cat "$work/asked")"
  sed 's/^/  /' "$work/asked"
  expect "the answer" "$(cat "$work/asked")" "ok: target 19.0"

  title "The server's disk holds none of it in the clear"
  for out in '"target"' 'set 23.5' 'set 19'; do
    if grep -rqaF -- "$out" "$work/server"; then
      off "the server's files hold $out"
    fi
  done
  printf '  Neither readings nor commands.\n'

  title "It is revoked, and cut off within a second"
  step owner device --devices "$devices" revoke --yes "$thermostat" >/dev/null
  until_said "$work/thermostat.out" closed_by_server
  wait "$device_pid" && off "a revoked thermostat went on"
  device_pid=
  grep -F closed_by_server "$work/thermostat.out" | sed 's/^/  /'

  title "What the audit log says of it"
  python3 - "$work/server/unhidra.db" "$work/thermostat.out" <<'PY' | sed 's/^/  /'
import datetime, json, sqlite3, sys
rows = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True).execute(
    "SELECT timestamp, event_type, outcome, resource_id FROM audit_log WHERE event_type LIKE 'mqtt.%' OR event_type LIKE "
    "'iot_device%' OR event_type LIKE 'device_twin%' OR event_type LIKE 'device.enrol%' ORDER BY timestamp, position").fetchall()
for _, event, outcome, resource in rows:
    print(f"{event:32} {outcome:8} {resource}")
if not any((event, outcome) == ("mqtt.publication", "denied") for _, event, outcome, _ in rows):
    sys.exit("the refused publication is not there")
revoked = [at for at, event, _, _ in rows if event == "iot_device.revoked"][-1] / 1e6
lines = [json.loads(line) for line in open(sys.argv[2]) if line.startswith("{")]
closed = [line["ts"] for line in lines if line["event"] == "closed_by_server"][0]
took = datetime.datetime.fromisoformat(closed.replace("Z", "+00:00")).timestamp() - revoked
print(f"From the revocation to the end of the connection: {took * 1000:.0f} ms")
if not took < 1:
    sys.exit("that is more than a second")
PY
}
