#!/usr/bin/env python3
"""Checks vectors/device_groups.json with an implementation written from docs/security.md alone.

It shares no line with the product: another language, another library. Exit code 77: the library is not installed.
"""
import hashlib
import hmac
import json
import pathlib
import sys

try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
except ImportError:
    print("python3-cryptography is not installed")
    sys.exit(77)

BLOCK = 1024


def lp(data):
    return len(data).to_bytes(4, "big") + data


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def varint(data, at):
    value, shift = 0, 0
    while True:
        value |= (data[at] & 0x7f) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
        shift += 7


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def raw(self, size):
        assert self.at + size <= len(self.data)
        self.at += size
        return self.data[self.at - size:self.at]

    def integer(self, size):
        return int.from_bytes(self.raw(size), "big")


def check_roster(vectors):
    document = bytes.fromhex(vectors["roster"])
    unsigned, signature = document[:-64], document[-64:]
    owner = bytes.fromhex(vectors["owner_public"])
    Ed25519PublicKey.from_public_bytes(owner).verify(signature, lp(b"unhidra device group 1") + unsigned)
    read = Reader(unsigned)
    assert read.integer(1) == 1
    roster = {"group": read.raw(16), "epoch": read.integer(4)}
    read.raw(32 + 8)
    owners = [read.raw(32) for _ in range(read.integer(1))]
    filters = [read.raw(read.integer(4)) for _ in range(read.integer(1))]
    roster["members"] = {}
    for _ in range(read.integer(2)):
        device, _, signing, _ = read.raw(16), read.raw(32), read.raw(32), read.raw(1)
        roster["members"][device[-8:]] = (device, signing)
    assert read.raw(32) == owner and owner in owners and filters and read.at == len(unsigned)
    roster["hash"] = hashlib.sha256(lp(b"unhidra device group hash 1") + unsigned).digest()
    assert roster["hash"].hex() == vectors["roster_hash"]
    return roster


def message_key(secret, roster, device, counter):
    info = lp(b"unhidra udg sender 1") + roster["hash"] + device
    block = mac(secret, info + b"\x01")
    for _ in range(counter // BLOCK):
        block = mac(block, b"\x02")
    chain = mac(block, b"\x01")
    for _ in range(counter % BLOCK):
        chain = mac(chain, b"\x02")
    return mac(chain, b"\x01")


def check_content(case, plaintext):
    has = plaintext[0]
    sent_at, at = varint(plaintext, 1)
    assert sent_at * 1000 == case["sent_at"]
    if has & 1:
        deadline, at = varint(plaintext, at)
        assert deadline * 1000 == case["not_after"]
    for bit, name in ((2, "request_id"), (4, "challenge")):
        assert bool(has & bit) == (name in case)
        if has & bit:
            assert plaintext[at:at + 16].hex() == case[name]
            at += 16
    assert plaintext[at:].hex() == case["body"]


def check_payload(vectors, roster, case):
    payload = bytes.fromhex(case["payload"])
    suite, flags = payload[0], payload[1]
    counter, at = varint(payload, 22)
    header = payload[:at]
    assert suite == 1 and counter == case["counter"]
    assert flags >> 2 == case["kind"] and flags >> 1 & 1 == case["retained"]
    assert payload[2:10] == roster["group"][-8:] and int.from_bytes(payload[10:14], "big") == roster["epoch"]
    device, signing = roster["members"][payload[14:22]]
    signed = flags & 1
    assert signed == (case["kind"] != 0 or case["retained"])
    sealed = payload[at:-64] if signed else payload[at:]
    topic = hashlib.sha256(case["topic"].encode()).digest()
    if signed:
        content = lp(b"unhidra udg signature 1") + lp(header) + topic + hashlib.sha256(sealed).digest()
        Ed25519PublicKey.from_public_bytes(signing).verify(payload[-64:], content)
    key = message_key(bytes.fromhex(vectors["epoch_secret"]), roster, device, counter)
    associated = lp(b"unhidra udg payload 1") + lp(header) + topic
    nonce = bytes(8) + counter.to_bytes(4, "big")
    check_content(case, ChaCha20Poly1305(key).decrypt(nonce, sealed, associated))


def main():
    vectors = json.loads((pathlib.Path(__file__).parent / "device_groups.json").read_text())
    roster = check_roster(vectors)
    for case in vectors["payloads"]:
        check_payload(vectors, roster, case)
    print(f"{len(vectors['payloads'])} passed, 0 failed")
    return 0 if vectors["payloads"] else 1


if __name__ == "__main__":
    sys.exit(main())
