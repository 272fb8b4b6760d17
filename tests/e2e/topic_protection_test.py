"""Which topics take sealed payloads alone: by organisation, and for devices that are registered as end-to-end encrypted."""
import socket
import struct
import unittest

from devices import DeviceCase
from harness import PASSWORD, wait_until

NOT_SEALED, NOT_ALLOWED = 0x99, 0x87
TAKEN = (0x00, 0x10)  # success, and no matching subscribers


class RawDevice:
    """MQTT 5 over TLS, packet by packet: publishes with QoS 1 and reads what PUBACK says."""

    def __init__(self, server, device, cert, key):
        context = server.ssl_context()
        context.load_cert_chain(cert, key)
        self.socket = context.wrap_socket(socket.create_connection(("127.0.0.1", server.mqtts_port), 10),
                                          server_hostname="127.0.0.1")
        name = device.encode()
        self.socket.sendall(b"\x10" + bytes([13 + len(name)]) + b"\0\4MQTT\5\2\0\0\0" + struct.pack(">H", len(name)) + name)
        kind, body = self.packet()
        assert (kind, body[1]) == (0x20, 0), (kind, body)

    def packet(self):
        head = self.exactly(2)
        length, shift = head[1] & 127, 7
        while head[1] & 128:
            head = head[:1] + self.exactly(1)
            length |= (head[1] & 127) << shift
            shift += 7
        return head[0], self.exactly(length)

    def exactly(self, size):
        out = b""
        while len(out) < size:
            part = self.socket.recv(size - len(out))
            if not part:
                raise EOFError
            out += part
        return out

    def publish(self, topic, payload):
        body = struct.pack(">H", len(topic)) + topic.encode() + b"\0\1" + b"\0" + payload
        length = bytes([len(body)]) if len(body) < 128 else bytes([len(body) % 128 | 128, len(body) // 128])
        self.socket.sendall(b"\x32" + length + body)
        kind, answer = self.packet()
        assert kind == 0x40, (kind, answer)
        return answer[2] if len(answer) > 2 else 0

    def ends_with(self):
        kind, body = self.packet()
        assert kind == 0xe0, (kind, body)
        return body[0]


class Protection(DeviceCase):
    server_settings = {"automation.encrypted_topics": "devices/+/state"}
    path_of = "/v1/topic-protection"

    def connected(self, device, shown):
        device = RawDevice(self.server, device, shown[1], shown[3])
        self.addCleanup(device.socket.close)
        return device

    def set(self, token=None, **body):
        return self.rest("PUT", self.path_of, body, token)

    def until_answer(self, lamp, topic, expected):
        wait_until(lambda: lamp.publish(topic, b"plain") in expected, timeout=5, what=f"{expected} for {topic}")

    def other_organisation(self):
        made = self.server.request("POST", "/v1/organizations", {"name": f"Other {self.name}"}, self.token)[2]
        return self.server.request("POST", "/v1/register", {
            "username": f"other-{self.name}", "password": PASSWORD, "invitation": made["invitation"]["token"]})[2]["access_token"]

    def test_an_organisation_has_its_own_and_disturbs_no_other(self):
        other = self.other_organisation()
        device, _, shown = self.enrol()
        lamp = self.connected(device, shown)
        state, report = f"devices/{device}/state", f"devices/{device}/report"
        self.assertEqual(lamp.publish(state, b"plain"), NOT_SEALED)  # as the server says
        self.assertIn(lamp.publish(report, b"plain"), TAKEN)
        status, _, said = self.rest("GET", self.path_of)
        said.pop("version")  # of the other tests
        self.assertEqual((status, said), (200, {"encrypted_topics": ["devices/+/state"], "inherited": True, "plaintext_topics": []}))
        # Another organisation's wishes are its own.
        status, _, said = self.set(other, encrypted_topics=["#"], plaintext_topics=[])
        self.assertEqual((status, said["version"]), (200, 1))
        self.server.wait_for_log("mqtt.protection_changed")
        self.assertIn(lamp.publish(report, b"plain"), TAKEN)
        # Its own.
        status, _, said = self.set(encrypted_topics=["devices/+/report"], plaintext_topics=[])
        self.assertEqual((status, said["inherited"]), (200, False))
        self.until_answer(lamp, report, [NOT_SEALED])
        self.assertIn(lamp.publish(state, b"plain"), TAKEN)
        version = said["version"]
        self.assertEqual(self.set(plaintext_topics=[], if_version=version + 7)[0], 409)
        self.assertEqual(self.set(plaintext_topics=[], if_version=version)[0], 200)  # the server's again
        self.until_answer(lamp, report, TAKEN)
        self.assertEqual(lamp.publish(state, b"plain"), NOT_SEALED)
        events = self.server.request("GET", "/v1/audit?event_type=topic_protection.changed&limit=200", token=self.token)[2]["items"]
        self.assertEqual([(one["outcome"], one["metadata"].get("encrypted_topics")) for one in reversed(events[:3])],
                         [("success", "devices/+/report"), ("failure", None), ("success", "as the server")])

    def test_an_encrypted_device_publishes_plaintext_only_where_it_is_allowed(self):
        device, _, shown = self.enrol()
        lamp = self.connected(device, shown)
        report, diagnostics = f"devices/{device}/report", f"devices/{device}/diagnostics"
        self.assertIn(lamp.publish(report, b"plain"), TAKEN)
        self.assertEqual(self.rest("PATCH", f"/v1/iot-devices/{device}", {"encrypted": True})[0], 200)
        self.assertEqual(lamp.ends_with(), 0x98)  # it comes back as what it is now
        lamp = self.connected(device, shown)
        for topic in (report, diagnostics, f"devices/{device}/channel/x/other", f"devices/{device}/prekeys/more"):
            self.assertEqual(lamp.publish(topic, b"plain"), NOT_SEALED, topic)
        # What its controllers need to give it keys at all.
        self.assertIn(lamp.publish(f"devices/{device}/prekeys", b"signed"), TAKEN)
        self.assertIn(lamp.publish(f"devices/{device}/channel/{device}/answer", b"sealed"), TAKEN)
        status, _, said = self.set(plaintext_topics=["devices/+/diagnostics"])
        self.assertEqual((status, said["inherited"]), (200, True))
        self.until_answer(lamp, diagnostics, TAKEN)
        self.assertEqual(lamp.publish(report, b"plain"), NOT_SEALED)
        # Topics that take sealed payloads alone stay so, whatever is allowed.
        self.assertEqual(self.set(plaintext_topics=["#"])[0], 200)
        self.until_answer(lamp, report, TAKEN)
        self.assertEqual(lamp.publish(f"devices/{device}/state", b"plain"), NOT_SEALED)
        # A restart knows it all.
        self.assertEqual(self.set(plaintext_topics=[])[0], 200)
        self.server.stop()
        self.server.start()
        lamp = self.connected(device, shown)
        self.assertEqual(lamp.publish(diagnostics, b"plain"), NOT_SEALED)
        # Other devices are none of it.
        other, _, other_shown = self.enrol()
        self.assertIn(self.connected(other, other_shown).publish(f"devices/{other}/report", b"plain"), TAKEN)

    def test_what_is_no_filter_is_refused(self):
        for bad in (["a/#/b"], ["$share/g/a"], [""], ["a"] * 65, ["a" * 257], ["a\u0000"]):
            for name in ("encrypted_topics", "plaintext_topics"):
                body = {"plaintext_topics": [], name: bad}
                self.assertIn(self.set(**body)[0], (400, 422), bad)
        self.assertIn(self.set()[0], (400, 422))
        self.assertIn(self.set(plaintext_topics="#")[0], (400, 422))

    def test_the_command_line_says_it_too(self):
        admin = self.cli("root")
        admin.login("root")
        where = ["--devices", f"https://127.0.0.1:{self.server.devices_port}"]

        def topics(*arguments):
            return admin.json("device", *where, "topics", *arguments)[-1]
        topics("--as-server", "--no-plaintext")
        self.assertEqual((topics()["encrypted_topics"], topics()["inherited"]), (["devices/+/state"], True))
        topics("--encrypted", "a/#", "--encrypted", "b")
        said = topics("--plaintext", "c/+")
        self.assertEqual((said["encrypted_topics"], said["plaintext_topics"], said["inherited"]), (["a/#", "b"], ["c/+"], False))
        said = topics("--as-server")
        self.assertEqual((said["plaintext_topics"], said["inherited"]), (["c/+"], True))
        self.assertEqual(topics("--no-plaintext")["plaintext_topics"], [])
        self.assertIn("devices/+/state", admin.ok("device", *where, "topics"))
        self.assertIn("excludes", admin.run("device", *where, "topics", "--as-server", "--encrypted", "a").stderr)


if __name__ == "__main__":
    unittest.main()
