#!/usr/bin/env python3
"""Writes the published vectors of device groups and of a device's channel as a C header, for a program without files.
vectors.py device_groups.json device_channel.json > vectors.h"""
import json
import sys


def octets(text):
    return "(const uint8_t[]){" + ",".join(f"0x{byte:02x}" for byte in bytes.fromhex(text)) + "}" if text else "NULL"


def case(one):
    topic = json.dumps(one["topic"])
    request, challenge = one.get("request_id", ""), one.get("challenge", "")
    return (f"  {{{topic}, {one['kind']}, {'true' if one['retained'] else 'false'}, {one['counter']}u, "
            f"{one['sent_at'] // 1000}u, {one.get('not_after', 0) // 1000}u, {octets(request)}, {octets(challenge)}, "
            f"{octets(one['body'])}, {len(one['body']) // 2}, {octets(one['payload'])}, {len(one['payload']) // 2}}},")


def array(name, text):
    print(f"static const uint8_t k_{name}[] = {{{','.join(str(byte) for byte in bytes.fromhex(text))}}};")


def channel(vectors):
    for end, field in (("device", "device_id"), ("device", "identity_private"), ("device", "signing_seed"),
                       ("controller", "device_id")):
        array(f"channel_{end}_{field}", vectors[end][field])
    for field in ("owner_public", "prekeys", "prekeys_later", "device_random"):
        array(f"channel_{field}", vectors[field])
    print(f"#define CHANNEL_PUBLISHED_AT {vectors['published_at'] // 1000}u")
    print("static const struct { bool said; const uint8_t* plaintext; size_t plaintext_size; const uint8_t* payload; "
          "size_t payload_size; } k_channel[] = {")
    for one in vectors["messages"]:
        said = "true" if one["from"] == "device" else "false"
        print(f"  {{{said}, {octets(one['plaintext'])}, {len(one['plaintext']) // 2}, {octets(one['payload'])}, "
              f"{len(one['payload']) // 2}}},")
    print("};")


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        vectors = json.load(file)
    print("#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>")
    for name in ("roster", "epoch_secret", "owner_public", "receiver_device", "sender_device", "sender_signing_seed"):
        array(name, vectors[name])
    print("static const struct { const char* topic; int kind; bool retained; uint32_t counter; uint64_t sent_at, "
          "not_after; const uint8_t *request, *challenge, *body; size_t body_size; const uint8_t* payload; "
          "size_t payload_size; } k_payloads[] = {")
    print("\n".join(case(one) for one in vectors["payloads"]))
    print("};")
    with open(sys.argv[2], encoding="ascii") as file:
        channel(json.load(file))


main()
