#!/usr/bin/env python3
"""The safety number of docs/security.md, written from its text alone: what safety_number_test.cpp is compared with."""
import base64
import hashlib

LABEL = b"unhidra safety number 1"


def fingerprint(user_id, key):
    data = len(LABEL).to_bytes(4, "big") + LABEL + key + user_id
    for _ in range(5200):
        data = hashlib.sha512(data + key).digest()
    return data[:32]


def digits(print_):
    return [f"{int.from_bytes(print_[i:i + 5], 'big') % 100000:05d}" for i in range(0, 30, 5)]


sides = sorted((user, fingerprint(user, key)) for user, key in [
    (bytes(15) + b"\x01", bytes(range(32))),
    (bytes(15) + b"\x02", bytes(0xff - i for i in range(32))),
])
print(" ".join(group for _, print_ in sides for group in digits(print_)))
print("unhidra:1:" + base64.urlsafe_b64encode(b"".join(u + p for u, p in sides)).decode().rstrip("="))
