#!/usr/bin/env python3
"""Checks vectors/attachments.json with an implementation written from docs/security.md alone.

It shares no line with the product: another language, another library. Exit code 77: the library is not installed.
"""
import hashlib
import hmac
import json
import pathlib
import sys

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
except ImportError:
    print("python3-cryptography is not installed")
    sys.exit(77)

BLOCK = 65536


def lp(data):
    return len(data).to_bytes(4, "big") + data


def u(value, size):
    return value.to_bytes(size, "big")


def padme(size):
    exponent = size.bit_length() - 1
    step = 1 << max(0, exponent - exponent.bit_length())
    return -(-size // step) * step


def hkdf(key, info, size):
    pseudorandom = hmac.new(bytes(32), key, hashlib.sha256).digest()
    out, block, number = b"", b"", 1
    while len(out) < size:
        block = hmac.new(pseudorandom, block + info + bytes([number]), hashlib.sha256).digest()
        out, number = out + block, number + 1
    return out[:size]


def seal(case):
    plaintext = bytes(i % 251 for i in range(case["size"]))
    plaintext += bytes(padme(max(512, case["size"])) - case["size"])
    secrets = hkdf(bytes.fromhex(case["key"]), lp(b"unhidra file 1") + u(case["piece"], 4), 39)
    own = case["piece"] - 16
    count = -(-len(plaintext) // own)
    aead = ChaCha20Poly1305(secrets[:32])
    out = b""
    for number in range(count):
        nonce = secrets[32:] + u(number, 4) + bytes([number + 1 == count])
        out += aead.encrypt(nonce, plaintext[number * own:(number + 1) * own], None)
    return out


def digest(data):
    chain = hashlib.sha256(b"unhidra file digest 1").digest()
    for at in range(0, len(data), BLOCK):
        chain = hashlib.sha256(chain + data[at:at + BLOCK]).digest()
    return hashlib.sha256(chain + u(len(data), 8)).digest()


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def raw(self, size):
        assert self.at + size <= len(self.data)
        self.at += size
        return self.data[self.at - size:self.at]

    def integer(self, size):
        return int.from_bytes(self.raw(size), "big")

    def text(self):
        return self.raw(self.integer(4)).decode()

    def object(self):
        return {"id": self.raw(16), "key": self.raw(32), "digest": self.raw(32), "size": self.integer(8),
                "piece": self.integer(4)}


def check_descriptor(case, files):
    read = Reader(bytes.fromhex(case["encoded"]))
    assert read.integer(1) == 1
    has = read.integer(1)
    file = read.object()
    assert any(file["key"].hex() == known["key"] and file["digest"].hex() == known["digest"]
               and file["size"] == known["size"] and file["piece"] == known["piece"] for known in files)
    assert read.text() == case["media_type"] and read.text() == case["name"]
    if has & 1:
        assert read.integer(4) and read.integer(4)
    if has & 2:
        assert read.object()["size"] <= 256 * 1024
        assert "/" in read.text() and read.integer(4) and read.integer(4)
    if has & 4:
        start = read.at
        assert read.integer(1) in (0, 1)
        read.integer(8)
        read.text()
        verdict = read.data[start:read.at]
        signed = lp(b"unhidra scan verdict 1") + file["id"] + file["digest"] + u(file["size"], 8) + verdict
        device = Ed25519PublicKey.from_public_bytes(bytes.fromhex(case["device_public"]))
        signature = read.raw(64)
        device.verify(signature, signed)
        try:
            device.verify(signature, signed + b"x")
            raise AssertionError("a verdict on something else verifies")
        except InvalidSignature:
            pass
    assert read.at == len(read.data)


def main():
    vectors = json.loads((pathlib.Path(__file__).parent / "attachments.json").read_text())
    for case in vectors["files"]:
        sealed = seal(case)
        assert len(sealed) == case["sealed_size"]
        assert sealed[-16:].hex() == case["last_tag"]
        assert digest(sealed).hex() == case["digest"]
    for case in vectors["descriptors"]:
        check_descriptor(case, vectors["files"])
    count = len(vectors["files"]) + len(vectors["descriptors"])
    print(f"{count} passed, 0 failed")
    return 0 if count else 1


if __name__ == "__main__":
    sys.exit(main())
