"""A broker that lies, between members of a device group: the real broker with its journal, and a man in the middle who
holds, repeats, moves, changes and keeps what it delivers. Whatever he does, devices do nothing that they should not, the
next honest message arrives, and nothing that was said in clear is found on the broker's disk."""
import os
import pathlib
import socket
import struct
import threading
import time
import unittest
import uuid

import paho.mqtt.client as paho

from devices import DeviceCase
from group_members import COMMAND, CONTROLLER, DEVICE, STATE, Member
from harness import wait_until

SIGNATURE = 64
SIGNED, RETAINED = 1, 2  # flags of a payload


class Middle:
    """Stands between the broker and those who trust it with delivery. `tamper` gets topic, payload and RETAIN flag of each
    PUBLISH on its way to a client and says what is delivered in its place."""

    def __init__(self, port):
        self.tamper = lambda *publish: [publish]
        self.passed = []
        self.target = port
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.socket.close()

    def accept(self):
        while True:
            try:
                client = self.socket.accept()[0]
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:  # the broker is gone
                client.close()
                continue
            threading.Thread(target=self.up, args=(client, server), daemon=True).start()
            threading.Thread(target=self.down, args=(client, server), daemon=True).start()

    @staticmethod
    def up(client, server):
        try:
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def down(self, client, server):
        stream = server.makefile("rb")
        try:
            while head := stream.read(1):
                length, shift = 0, 0
                prefix = head
                while True:
                    byte = stream.read(1)
                    prefix += byte
                    length |= (byte[0] & 127) << shift
                    shift += 7
                    if byte[0] < 128:
                        break
                body = stream.read(length)
                client.sendall(self.changed(head[0], body) if head[0] >> 4 == 3 else prefix + body)
            client.shutdown(socket.SHUT_RDWR)
        except (OSError, IndexError):
            pass
        finally:
            stream.close()
            server.close()
            client.close()

    def changed(self, head, body):
        """MQTT 3.1.1, QoS 0: topic and payload."""
        size = struct.unpack(">H", body[:2])[0]
        publish = (body[2:2 + size].decode(), body[2 + size:], bool(head & 1))
        self.passed.append(publish)
        return b"".join(self.encoded(*each) for each in self.tamper(*publish))

    @staticmethod
    def encoded(topic, payload, retained):
        body = struct.pack(">H", len(topic)) + topic.encode() + payload
        out, length = bytes([0x30 | retained]), len(body)
        while True:
            out += bytes([length & 127 | (128 if length > 127 else 0)])
            length >>= 7
            if not length:
                return out + body


class MaliciousBroker(DeviceCase):
    server_settings = {"automation.encrypted_topics": "devices/+/command,devices/+/state,devices/+/result"}
    said = []  # everything that was sealed in all tests

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        status, _, made = cls.server.request("POST", "/v1/devices", {"name": "phone", "platform": "test"}, cls.token)
        assert status == 201, made
        cls.phone_id = made["device_id"]
        cls.phone_token = made["access_token"]

    def setUp(self):
        super().setUp()
        self.middle = Middle(self.server.mqtt_port)
        self.addCleanup(self.middle.close)
        self.group = str(uuid.uuid4())
        self.phone = Member(self, self.phone_id)
        self.owner = self.phone.ok("owner")[0]
        self.lamp, self.lamp_files = self.member()
        self.lock, _ = self.member()
        self.rotate(self.phone, self.lamp, self.lock)
        self.inbox = []
        self.devices = self.connect(self.middle.port, self.phone_token)
        self.devices.on_message = lambda client, data, message: self.inbox.append(
            (message.topic, message.payload, bool(message.retain)))
        self.subscribe(f"devices/{self.lamp.id}/#", f"devices/{self.lock.id}/#")
        self.sender = self.connect(self.server.mqtt_port, self.phone_token)

    def member(self):
        device, key, _ = self.enrol()
        certificate = self.path(f"{device}.pem")
        os.rename(self.path("cert.pem"), certificate)
        os.rename(key, self.path(f"{device}.key"))
        return Member(self, device), (certificate, self.path(f"{device}.key"))

    def rotate(self, *members):
        roles = {self.phone_id: CONTROLLER}
        self.phone.ok("roster", self.group, "devices/#", *[one.listed(roles.get(one.id, DEVICE)) for one in members])
        self.deliveries = {}
        for one in members:
            self.deliveries[one.id] = self.phone.ok("deliver", one.id)[0]
            one.ok("take", self.owner, self.deliveries[one.id])

    def connect(self, port, token=None, files=None, identifier=None):
        client = paho.Client(client_id=identifier or f"client-{uuid.uuid4()}", protocol=paho.MQTTv311)
        if files:
            client.tls_set(str(self.server.ca), *files)
        else:
            client.username_pw_set("token", token)
        ready = threading.Event()
        client.on_connect = lambda client, data, flags, code: ready.set() if code == 0 else None
        client.connect("127.0.0.1", port)
        client.loop_start()
        self.addCleanup(client.loop_stop)
        self.addCleanup(client.disconnect)
        self.assertTrue(ready.wait(10))
        return client

    def subscribe(self, *filters):
        done = threading.Event()
        self.devices.on_subscribe = lambda *_: done.set()
        self.devices.subscribe([(one, 0) for one in filters])
        self.assertTrue(done.wait(10))

    def topic(self, member, what="command"):
        return f"devices/{member.id}/{what}"

    def words(self, text):
        """A text that is found nowhere by chance."""
        out = f"{text} {os.urandom(6).hex()}"
        type(self).said.append(out)
        return out

    def command(self, text="on", **options):
        text = self.words(text)
        return text, self.phone.seal(self.topic(self.lamp), COMMAND, text, **options)

    def publish(self, payload, topic=None, retained=False, client=None):
        info = (client or self.sender).publish(topic or self.topic(self.lamp), payload, qos=1, retain=retained)
        info.wait_for_publish(10)

    def received(self, count):
        wait_until(lambda: len(self.inbox) >= count, what=f"{count} deliveries")
        out, self.inbox[:] = self.inbox[:count], self.inbox[count:]
        return out

    def lamp_hears(self, count):
        return [self.lamp.open(topic, payload, retained) for topic, payload, retained in self.received(count)]

    def assertAlive(self):
        self.middle.tamper = lambda *publish: [publish]
        text, payload = self.command("honest")
        self.publish(payload)
        self.assertEqual(self.lamp_hears(1), [(self.phone_id, COMMAND, text)])

    def changing(self, change):
        self.middle.tamper = lambda topic, payload, retained: [change(topic, payload, retained)]

    def test_honest_delivery(self):
        self.assertAlive()
        text = self.words("21.5 degrees")
        payload = self.lamp.seal(self.topic(self.lamp, "state"), STATE, text, retained=True)
        self.publish(payload, self.topic(self.lamp, "state"), True,
                     self.connect(self.server.mqtts_port, files=self.lamp_files, identifier=self.lamp.id))
        topic, got, retained = self.received(1)[0]
        self.assertEqual(self.phone.open(topic, got, retained), (self.lamp.id, STATE, text))

    def test_replay(self):
        self.middle.tamper = lambda *publish: [publish] * 3
        text, payload = self.command()
        self.publish(payload)
        self.assertEqual(self.lamp_hears(3), [(self.phone_id, COMMAND, text), "e2ee.duplicate", "e2ee.duplicate"])
        self.lamp.ok("restart")
        self.assertEqual(self.lamp.open(self.topic(self.lamp), payload), "e2ee.duplicate")
        self.assertAlive()

    def test_reorder_and_delay(self):
        held = []

        def hold(*publish):
            held.append(publish)
            return [] if len(held) < 3 else [held[2], held[1], held[0], held[1]]
        self.middle.tamper = hold
        made = [self.command(str(number), lasts=1 if number == 0 else 30) for number in range(3)]
        for _, payload in made:
            self.publish(payload)
        opened = [(topic, payload, retained) for topic, payload, retained in self.received(4)]
        later = time.time() + 5  # the first command's deadline has passed when it comes
        self.assertEqual([self.lamp.open(*one, now=later) for one in opened],
                         [(self.phone_id, COMMAND, made[2][0]), (self.phone_id, COMMAND, made[1][0]), "e2ee.stale",
                          "e2ee.duplicate"])
        self.assertAlive()

    def test_drop(self):
        self.middle.tamper = lambda *publish: []
        for _ in range(5):
            self.publish(self.command()[1])
        time.sleep(0.3)
        self.assertEqual(self.inbox, [])
        self.assertAlive()

    def test_moved_to_another_topic(self):
        for target in (self.topic(self.lock), self.topic(self.lamp, "result")):
            self.changing(lambda topic, payload, retained, to=target: (to, payload, retained))
            self.publish(self.command("open the door")[1])
            topic, payload, retained = self.received(1)[0]
            for member in (self.lock, self.lamp):
                self.assertEqual(member.open(topic, payload, retained), "e2ee.undecryptable")
        self.assertAlive()

    def test_changed_bytes(self):
        at = [0]

        def flip(topic, payload, retained):
            out = bytearray(payload)
            out[at[0] % len(out)] ^= 1
            return topic, bytes(out), retained
        self.changing(flip)
        for position in range(0, 130, 13):
            at[0] = position
            self.publish(self.command()[1])
            answer = self.lamp_hears(1)[0]
            self.assertIsInstance(answer, str, position)
        self.assertAlive()

    def test_stripped_signature(self):
        def strip(topic, payload, retained):
            return topic, bytes([payload[0], payload[1] & ~SIGNED]) + payload[2:-SIGNATURE], retained
        self.changing(strip)
        self.publish(self.command()[1])
        self.assertEqual(self.lamp_hears(1), ["e2ee.malformed"])
        # As telemetry, which needs no signature, it is no command and does not open either.
        self.changing(lambda topic, payload, retained: (
            topic, bytes([payload[0], 0]) + payload[2:-SIGNATURE], retained))
        self.publish(self.command()[1])
        self.assertEqual(self.lamp_hears(1), ["e2ee.undecryptable"])
        self.assertAlive()

    def test_forged_sender(self):
        tag = uuid.UUID(self.lock.id).bytes[8:]
        self.changing(lambda topic, payload, retained: (topic, payload[:14] + tag + payload[22:], retained))
        self.publish(self.command()[1])
        self.assertEqual(self.lamp_hears(1), ["e2ee.undecryptable"])
        # A member that was taken over speaks in its own name alone, whatever it writes.
        text = self.words("as if I were the phone")
        payload = self.lock.seal(self.topic(self.lamp), COMMAND, text)
        self.changing(lambda topic, _, retained: (
            topic, payload[:14] + uuid.UUID(self.phone_id).bytes[8:] + payload[22:], retained))
        self.publish(self.command()[1])
        self.assertEqual(self.lamp_hears(1), ["e2ee.undecryptable"])
        self.changing(lambda topic, _, retained: (topic, payload, retained))
        self.publish(self.command()[1])
        self.assertEqual(self.lamp_hears(1), [(self.lock.id, COMMAND, text)], "its sender is seen, for the device's policy")
        self.assertAlive()

    def test_epoch_rollback_and_a_removed_member(self):
        old_text, old = self.command("from the epoch before")
        first = self.deliveries[self.lamp.id]
        from_lock = self.lock.seal(self.topic(self.lamp), COMMAND, self.words("removed"))
        self.rotate(self.phone, self.lamp)
        new = self.deliveries[self.lamp.id]
        self.assertEqual(self.lock.say("take", self.owner, new)[0], "refused")
        self.assertEqual(self.lamp.say("take", self.owner, first), ["refused", "identity.stale_version"])
        self.changing(lambda topic, payload, retained: (topic, from_lock, retained))
        self.publish(self.command()[1])
        self.assertIsInstance(self.lamp_hears(1)[0], str, "from a member that was removed")
        _, fresh = self.command("for members alone")
        self.assertIsInstance(self.lock.open(self.topic(self.lamp), fresh), str, "to a member that was removed")
        self.rotate(self.phone, self.lamp)
        self.changing(lambda topic, payload, retained: (topic, old, retained))
        self.publish(self.command()[1])
        self.assertEqual(self.lamp_hears(1), ["e2ee.unknown_epoch"], old_text)
        self.assertAlive()

    def test_a_device_that_the_certificate_authority_made_up(self):
        spy, files = self.member()
        client = self.connect(self.server.mqtts_port, files=files, identifier=spy.id)
        # Whoever owns the server lets it in everywhere; it owns no key.
        _, payload = self.command("secret")
        self.assertIsInstance(spy.say("take", self.owner, self.deliveries[self.lamp.id])[1], str)
        thief = spy.ok("owner")[0]
        spy.ok("roster", self.group, "devices/#", spy.listed(CONTROLLER), self.lamp.listed(DEVICE))
        delivery = spy.ok("deliver", self.lamp.id)[0]
        self.assertEqual(self.lamp.say("take", self.owner, delivery)[0], "refused")
        spy.ok("take", thief, spy.ok("deliver", spy.id)[0])
        forged = spy.seal(self.topic(self.lamp), COMMAND, self.words("open"))
        self.assertIsInstance(spy.open(self.topic(self.lamp), payload), str)
        self.changing(lambda topic, _, retained: (topic, forged, retained))
        self.publish(self.command()[1])
        self.assertIsInstance(self.lamp_hears(1)[0], str)
        client.disconnect()
        self.assertAlive()

    def test_what_was_retained_does_not_come_back(self):
        state = self.topic(self.lamp, "state")
        client = self.connect(self.server.mqtts_port, files=self.lamp_files, identifier=self.lamp.id)
        old = self.lamp.seal(state, STATE, self.words("closed"), retained=True)
        self.publish(old, state, True, client)
        topic, payload, retained = self.received(1)[0]
        self.assertEqual(self.phone.open(topic, payload, retained)[1], STATE)
        text = self.words("open")
        self.publish(self.lamp.seal(state, STATE, text, retained=True), state, True, client)
        topic, payload, retained = self.received(1)[0]
        self.assertEqual(self.phone.open(topic, payload, retained), (self.lamp.id, STATE, text))
        self.assertEqual(self.phone.open(topic, payload, True), (self.lamp.id, STATE, text), "the newest opens again")
        self.assertEqual(self.phone.open(state, old, True), "e2ee.stale")
        # A passing command that the broker keeps, and a delivery of it as kept.
        self.changing(lambda topic, payload, _: (topic, payload, True))
        _, passing = self.command()
        self.publish(passing)
        topic, payload, retained = self.received(1)[0]
        self.assertTrue(retained)
        self.assertIsInstance(self.lamp.open(topic, payload, retained), str)
        self.changing(lambda topic, payload, retained: (
            topic, bytes([payload[0], payload[1] | RETAINED]) + payload[2:], True))
        self.publish(self.command()[1])
        self.assertEqual(self.lamp_hears(1), ["e2ee.undecryptable"])
        self.assertAlive()

    def test_plaintext_is_neither_taken_nor_believed(self):
        self.publish(b"on")  # acknowledged before version 5, and goes nowhere
        time.sleep(0.3)
        self.assertEqual(self.inbox, [])
        for fake in (b"on", b"", b"\x01" * 200):
            self.changing(lambda topic, payload, retained, fake=fake: (topic, fake, retained))
            self.publish(self.command()[1])
            self.assertIsInstance(self.lamp_hears(1)[0], str)
        self.assertAlive()

    def test_z_nothing_in_clear_is_on_the_disk(self):
        """Last: after everything that the tests before have sent."""
        self.test_honest_delivery()
        state = self.topic(self.lamp, "state")
        kept = self.lamp.seal(state, STATE, self.words("kept"), retained=True)
        self.publish(kept, state, True, self.connect(self.server.mqtts_port, files=self.lamp_files, identifier=self.lamp.id))
        self.assertGreater(len(self.said), 4)
        self.server.kill()
        files = [file for file in pathlib.Path(self.server.root).rglob("*") if file.is_file()]
        content = {file: file.read_bytes() for file in files}
        self.assertTrue(any(kept in each for each in content.values()), "the journal holds what was sealed")
        journals = [file for file in files if "/mqtt/" in str(file)]
        self.assertTrue(journals)
        for text in self.said:
            needles = [text.encode(), text.split()[-1].encode(), bytes.fromhex(text.split()[-1])]
            found = [str(file) for file, each in content.items() if any(needle in each for needle in needles)]
            self.assertEqual(found, [], text)


if __name__ == "__main__":
    unittest.main()
