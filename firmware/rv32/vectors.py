#!/usr/bin/env python3
"""Writes the published vectors of device groups as a C header, for a program without files.
vectors.py device_groups.json > vectors.h"""
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


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        vectors = json.load(file)
    print("#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>")
    for name in ("roster", "epoch_secret", "owner_public", "receiver_device", "sender_device", "sender_signing_seed"):
        value = bytes.fromhex(vectors[name])
        print(f"static const uint8_t k_{name}[] = {{{','.join(str(byte) for byte in value)}}};")
    print("static const struct { const char* topic; int kind; bool retained; uint32_t counter; uint64_t sent_at, "
          "not_after; const uint8_t *request, *challenge, *body; size_t body_size; const uint8_t* payload; "
          "size_t payload_size; } k_payloads[] = {")
    print("\n".join(case(one) for one in vectors["payloads"]))
    print("};")


main()
