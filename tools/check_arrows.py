#!/usr/bin/env python3
"""Fails when an include breaks the arrows of the house.

Reads every C++ file of the tree and checks that
- a room includes only rooms of strictly lower layers (testkit: tests only);
- services include no service, and nothing of the end-to-end core: the server cannot decrypt;
- a vendor's header is named only in the rooms that may know the vendor, and never in a public header;
- layers 0 to 2, rego, client and actions touch no file, thread, socket or environment.
Usage: check_arrows.py [ROOT]
"""
import pathlib
import re
import sys

LAYERS = {
    "base": 0, "crypto": 1, "wire": 1, "mqtt": 1, "identity": 2, "pki": 2, "mls_public": 2, "e2ee": 3, "mls": 3, "rego": 3, "runtime": 3,
    "actions": 4, "client": 4, "net": 4, "storage": 4, "messaging": 4, "audit": 5, "objects": 5, "policy": 5, "access": 6,
}
SERVICES = {"auth", "gateway", "chat", "automation", "files", "signaling", "ml_bridge"}
SERVICE_LAYER = 7
APP_LAYER = 8
# The server must not be able to decrypt: its roles know none of these rooms.
CLIENT_SIDE = {"e2ee", "mls", "client"}

# header prefix -> rooms that may name it in their sources
VENDORS = {
    "boost/beast": {"net"},
    "openssl/ssl": {"net"},
    "openssl/": {"crypto", "pki", "net"},
    "sodium": {"crypto"},
    "p11-kit/": {"pki"},
    "sqlite3": {"storage"},
    "libpq-fe": {"storage"},
    "nats/": {"messaging"},
    "hiredis/": {"messaging"},
    "curl/": {"net"},
    "toml++": {"runtime"},
    "prometheus/": {"runtime"},
    "pb.h": {"wire"}, "pb_encode.h": {"wire"}, "pb_decode.h": {"wire"},
    "re2/": {"rego"}, "yaml.h": {"rego"}, "unicode/": {"rego", "access"},
    "archive": {"policy", "apps"},  # bundles; exports of other systems
    "libsecret/": {"apps"},
    "jpeglib.h": {"apps"}, "jerror.h": {"apps"}, "png.h": {"apps"},
    "CLI/": {"apps"},
}
# Asio's vocabulary and our JSON values may stand in public headers of the rooms that are built on them.
PURE_ROOMS = {"base", "crypto", "wire", "mqtt", "identity", "mls_public", "e2ee", "mls", "pki", "rego", "client", "actions"}
IMPURE_HEADERS = {"thread", "mutex", "fstream", "filesystem", "condition_variable", "future", "sys/socket.h",
                  "unistd.h", "fcntl.h", "sys/stat.h", "iostream"}
IMPURE_CALLS = re.compile(r"\b(std::)?(getenv|system_clock::now|steady_clock::now|fopen|random_device)\b")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


def room_of(path):
    """The room a file belongs to, and whether it is a public header, a source or a test."""
    parts = path.parts
    if parts[0] in ("libs", "services") and len(parts) > 2:
        organ = {"include": "public", "tests": "test", "fuzz": "test", "bench": "test"}.get(parts[2], "source")
        return parts[0], parts[1], organ
    if parts[0] == "apps":
        return "apps", "apps", "test" if "tests" in parts else "source"
    return parts[0], parts[0], "test"


def layer_of(kind, room):
    if kind == "services":
        return SERVICE_LAYER
    if kind == "apps":
        return APP_LAYER
    return LAYERS.get(room)


def check_file(root, path, problems):
    kind, room, organ = room_of(path)
    if kind not in ("libs", "services", "apps"):
        return
    layer = layer_of(kind, room)
    testkit = kind == "libs" and room == "testkit"
    if layer is None and not testkit:
        problems.append(f"{path}: the room '{room}' has no layer; add it to {pathlib.Path(__file__).name}")
        return
    for number, line in enumerate((root / path).read_text(errors="replace").splitlines(), 1):
        where = f"{path}:{number}"
        if kind == "libs" and room in PURE_ROOMS and organ != "test" and IMPURE_CALLS.search(line):
            problems.append(f"{where}: {room} takes clock, randomness and environment as parameters")
        match = INCLUDE.match(line)
        if not match:
            continue
        name = match.group(2)
        if name.startswith("unhidra/"):
            check_room_include(where, kind, room, layer, organ, name, testkit, problems)
        else:
            check_vendor_include(where, kind, room, organ, name, problems)


def check_room_include(where, kind, room, layer, organ, name, testkit, problems):
    parts = name.split("/")
    other = parts[1]
    if other == "testkit":
        if organ != "test" and not testkit:
            problems.append(f"{where}: testkit is for tests only")
        return
    if testkit or other == room:
        return
    other_layer = SERVICE_LAYER if other in SERVICES else LAYERS.get(other)
    if other_layer is None:
        problems.append(f"{where}: no room is called '{other}'")
    elif organ != "test" and other_layer >= layer:
        problems.append(f"{where}: {room} (layer {layer}) includes {other} (layer {other_layer}): arrows point down")
    elif kind == "services" and organ != "test" and other in CLIENT_SIDE:
        problems.append(f"{where}: the server side must not know '{other}': it cannot decrypt")


def check_vendor_include(where, kind, room, organ, name, problems):
    for prefix, rooms in VENDORS.items():
        if name.startswith(prefix):
            if room not in rooms and organ != "test":
                problems.append(f"{where}: only {', '.join(sorted(rooms))} may name <{name}>")
            elif organ == "public":
                problems.append(f"{where}: a vendor's type may not stand in a public header: <{name}>")
            break
    if kind == "libs" and room in PURE_ROOMS and organ != "test" and name in IMPURE_HEADERS:
        problems.append(f"{where}: {room} does no I/O and has no threads: <{name}>")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    problems = []
    files = 0
    for top in ("libs", "services", "apps"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                files += 1
                check_file(root, path.relative_to(root), problems)
    for problem in problems:
        print(problem)
    print(f"{files} files checked, {len(problems)} arrows broken")
    return 1 if problems or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
