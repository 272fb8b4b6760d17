#!/usr/bin/env python3
"""Checks vectors/sessions.json with an implementation written from docs/security.md alone.

It shares no line with the product: another language, another library. Exit code 77: the library is not installed.
"""
import hashlib
import hmac
import json
import pathlib
import sys

try:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
except ImportError:
    print("python3-cryptography is not installed")
    sys.exit(77)


def raw(key):
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def private(text):
    return X25519PrivateKey.from_private_bytes(bytes.fromhex(text))


def dh(ours, theirs):
    return ours.exchange(X25519PublicKey.from_public_bytes(theirs))


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def expand(key, info, size):
    out, block = b"", b""
    for counter in range(1, 1 + -(-size // 32)):
        block = mac(key, block + info + bytes([counter]))
        out += block
    return out[:size]


def hkdf(salt, data, info, size):
    return expand(mac(salt, data), info, size)


def lp(data):
    return len(data).to_bytes(4, "big") + data


def varint(data, at):
    value, shift = 0, 0
    while True:
        value |= (data[at] & 0x7f) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
        shift += 7


class Reader:
    def __init__(self, text):
        self.data, self.at = bytes.fromhex(text), 0

    def take(self, size):
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def varint(self):
        value, self.at = varint(self.data, self.at)
        return value


def read_bundle(text):
    bundle = Reader(text)
    assert bundle.number(1) == 1
    flags = bundle.number(1)
    out = {"device_id": bundle.take(16), "identity": bundle.take(32), "signing": bundle.take(32)}
    out["id"], out["key"] = bundle.number(4), bundle.take(32)
    created, signature = bundle.take(8), bundle.take(64)
    signed = lp(b"unhidra signed prekey 1") + out["device_id"] + out["id"].to_bytes(4, "big") + out["key"]
    Ed25519PublicKey.from_public_bytes(out["signing"]).verify(signature, signed + created + bytes([flags >> 1]))
    if flags & 1:
        out["one_time_id"], out["one_time"] = bundle.number(4), bundle.take(32)
    assert bundle.at == len(bundle.data)
    return out


class End:
    """One end of a session. It only decrypts, and derives the chain it sends on."""

    def __init__(self, root, ratchet, peer):
        self.root, self.ratchet, self.peer = root, ratchet, peer
        self.chains = {}

    def chain(self, public, secret):
        both = hkdf(self.root, secret, b"unhidra root 1", 64)
        self.root = both[:32]
        self.chains[public] = both[32:]


def check_case(case):
    alice, bob = case["alice"], case["bob"]
    bundle = read_bundle(case["bundle"])
    ephemeral, identity = private(case["ephemeral_private"]), private(alice["identity_private"])
    identities = raw(identity) + raw(private(bob["identity_private"]))
    assert raw(private(case["signed_prekey_private"])) == bundle["key"]
    secrets = [dh(identity, bundle["key"]), dh(ephemeral, bundle["identity"]), dh(ephemeral, bundle["key"])]
    if "one_time" in bundle:
        assert raw(private(case["one_time_prekey_private"])) == bundle["one_time"]
        secrets.append(dh(ephemeral, bundle["one_time"]))
    secret = hkdf(bytes(32), b"\xff" * 32 + b"".join(secrets), b"unhidra x3dh 1" + b"\x01", 32)
    assert secret.hex() == case["shared_secret"]
    ends = {"alice": End(secret, None, bundle["key"]),
            "bob": End(secret, private(case["signed_prekey_private"]), None)}
    answered = False
    for message in case["messages"]:
        answered |= message["from"] == "bob"
        check_message(case, bundle, raw(ephemeral), identities, ends, message, answered)
    return len(case["messages"])


def check_message(case, bundle, base_key, identities, ends, message, answered):
    sender = message["from"]
    receiver = "bob" if sender == "alice" else "alice"
    if "new_ratchet_private" in message:
        ours = private(message["new_ratchet_private"])
        ends[sender].ratchet = ours
        ends[sender].chain(raw(ours), dh(ours, ends[sender].peer))
    reader = Reader(message["message"])
    if not answered:
        check_prekey_header(reader, bundle, base_key, identities)
    assert reader.number(1) == 0x12
    key, _, number = reader.take(32), reader.varint(), reader.varint()
    if key not in ends[receiver].chains:
        assert number == 0
        ends[receiver].chain(key, dh(ends[receiver].ratchet, key))
        ends[receiver].peer = key
    assert ends[sender].chains[key] == ends[receiver].chains[key]
    header, sealed = reader.data[:reader.at], reader.data[reader.at:]
    associated = (lp(b"unhidra message 1") + b"\x01" + identities + bytes.fromhex(message["conversation"])
                  + bytes.fromhex(case[sender]["user_id"]) + bytes.fromhex(case[sender]["device_id"])
                  + bytes.fromhex(case[receiver]["device_id"]) + bytes.fromhex(message["message_id"])
                  + bytes([message["kind"]]) + message["sent_at"].to_bytes(8, "big") + lp(header))
    assert associated.hex() == message["associated_data"]
    chain = ends[receiver].chains[key]
    keys = expand(mac(chain, b"\x01"), b"unhidra message key 1", 44)
    plaintext = ChaCha20Poly1305(keys[:32]).decrypt(keys[32:], sealed, associated)
    assert plaintext.hex() == message["plaintext"]
    for end in ends.values():
        end.chains[key] = mac(chain, b"\x02")


def check_prekey_header(reader, bundle, base_key, identities):
    assert reader.number(1) == 0x11
    assert reader.number(1) == 1
    flags = reader.number(1)
    assert flags & 1 == int("one_time" in bundle)
    reader.varint()  # epoch
    assert reader.take(32) == identities[:32]
    assert reader.take(32) == base_key
    assert reader.varint() == bundle["id"]
    if flags & 1:
        assert reader.varint() == bundle["one_time_id"]


def main():
    vectors = json.loads((pathlib.Path(__file__).parent / "sessions.json").read_text())
    checked = sum(check_case(case) for case in vectors["cases"])
    print(f"{len(vectors['cases'])} cases, {checked} messages agree")
    sys.exit(0 if checked else 1)


if __name__ == "__main__":
    main()
