#!/usr/bin/env python3
"""Checks vectors/device_channel.json with an implementation written from docs/security.md alone ("Channel of a device").
Exit code 77: the library is not installed."""
import json
import pathlib
import sys

from check_sessions import ChaCha20Poly1305, Ed25519PublicKey, End, Reader, dh, expand, hkdf, lp, mac, private, raw, read_bundle

DEVICE_CHANNEL = 2


def draws(vectors):
    """What the device draws at random: prekeys and ratchet keys, in turn."""
    text = vectors["device_random"]
    return [text[at:at + 64] for at in range(0, len(text), 64)]


def check_prekeys(vectors, name, prekey, number, sessions):
    document = Reader(vectors[name])
    assert document.number(1) == 1
    bundle = read_bundle(document.take(document.number(4)).hex())
    assert [document.take(32) for _ in range(document.number(1))] == sessions
    signed = document.data[:document.at]
    signature = document.take(64)
    assert document.at == len(document.data)
    Ed25519PublicKey.from_public_bytes(bundle["signing"]).verify(signature, lp(b"unhidra device prekeys 1") + signed)
    device = vectors["device"]
    assert bundle["device_id"].hex() == device["device_id"] and bundle["identity"].hex() == device["identity_public"]
    assert bundle["signing"].hex() == device["signing_public"] and bundle["id"] == number
    assert bundle["key"] == raw(private(prekey)) and "one_time" not in bundle
    return bundle


class Channel:
    def __init__(self, vectors, bundle, prekey):
        controller, device, base = (vectors["controller"], vectors["device"], private(vectors["base_private"]))
        identity = private(controller["identity_private"])
        secret = hkdf(bytes(32), b"\xff" * 32 + dh(identity, bundle["key"]) + dh(base, bundle["identity"]) + dh(base, bundle["key"]),
                      b"unhidra x3dh 1" + b"\x01", 32)
        self.bundle, self.base = bundle, raw(base)
        self.identities = raw(identity) + raw(private(device["identity_private"]))
        self.ids = {"controller": bytes.fromhex(controller["device_id"]), "device": bytes.fromhex(device["device_id"])}
        self.ends = {"controller": End(secret, None, bundle["key"]), "device": End(secret, private(prekey), None)}
        self.answered = False

    def check(self, message):
        sender = message["from"]
        receiver = "device" if sender == "controller" else "controller"
        self.answered |= sender == "device"
        if "new_ratchet_private" in message:
            end = self.ends[sender]
            end.ratchet = private(message["new_ratchet_private"])
            end.chain(raw(end.ratchet), dh(end.ratchet, end.peer))
        envelope = Reader(message["payload"])
        assert envelope.number(1) == 1 and envelope.take(16) == self.ids["controller"]
        reader = Reader(envelope.data[envelope.at:].hex())
        if reader.data[0] == 0x11:
            self.check_prekey_header(reader)
        else:
            assert self.answered
        assert reader.number(1) == 0x12
        key, _, number = reader.take(32), reader.varint(), reader.varint()
        end = self.ends[receiver]
        if key not in end.chains:
            end.chain(key, dh(end.ratchet, key))
            end.peer = key
        chain = end.chains[key]
        for _ in range(number):
            chain = mac(chain, b"\x02")
        keys = expand(mac(chain, b"\x01"), b"unhidra message key 1", 44)
        header, sealed = reader.data[:reader.at], reader.data[reader.at:]
        associated = (lp(b"unhidra message 1") + b"\x01" + self.identities + bytes(32) + self.ids[sender] + self.ids[receiver]
                      + bytes(16) + bytes([DEVICE_CHANNEL]) + bytes(8) + lp(header))
        assert ChaCha20Poly1305(keys[:32]).decrypt(keys[32:], sealed, associated).hex() == message["plaintext"]

    def check_prekey_header(self, reader):
        assert reader.take(3) == b"\x11\x01\x00"
        reader.varint()  # epoch
        assert reader.take(32) == self.identities[:32] and reader.take(32) == self.base
        assert reader.varint() == self.bundle["id"]


def main():
    vectors = json.loads((pathlib.Path(__file__).parent / "device_channel.json").read_text())
    drawn = draws(vectors)
    bundle = check_prekeys(vectors, "prekeys", drawn[0], 1, [])
    channel = Channel(vectors, bundle, drawn[0])
    check_prekeys(vectors, "prekeys_later", drawn[1], 2, [channel.base])
    for message in vectors["messages"]:
        channel.check(message)
    print(f"{len(vectors['messages'])} messages agree")
    sys.exit(0 if vectors["messages"] else 1)


if __name__ == "__main__":
    main()
