"""What is said of a device in the registry decides at once: its connections and subscriptions are judged again within a second,
connected or away, at every server, also when nobody tells a server of it."""
import time
import unittest

from databases import OnPostgreSQL
from devices import DeviceCase
from mqtt_test import Peer
from topic_protection_test import NOT_ALLOWED, NOT_SEALED, RawDevice, TAKEN
from two_servers import TwoServers

# Who hears what goes by the floor; who may say something by the type; whether one comes in at all by the groups.
POLICY = """package unhidra.automation

import rego.v1

default allow := false

allow if input.user.id

allow if {
	input.action == "connect"
	not "banned" in input.device.groups
}

allow if {
	input.action == "subscribe"
	startswith(input.topic, concat("", ["floor/", input.device.labels.floor, "/"]))
}

allow if {
	input.action == "publish"
	input.device.type == "sensor"
	startswith(input.topic, "readings/")
}
"""


class Changes:
    """Before a DeviceCase among the bases."""

    patience = 1.0  # seconds until a change is in force

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers = [cls.server] + ([cls.other] if hasattr(cls, "other") else [])
        status, _, made = cls.server.request("POST", "/v1/policies", {"modules": [{"file": "floors.rego", "text": POLICY}]},
                                             cls.token, port=cls.server.devices_port)
        assert status == 201, made
        status, _, answer = cls.server.request("POST", f"/v1/policies/{made['version']}/activation", None, cls.token,
                                               port=cls.server.devices_port)
        assert status == 200, answer
        time.sleep(2)  # servers that are not told of a policy see it within a second

    def setUp(self):
        super().setUp()
        self.id, self.key, self.shown = self.enrol()

    def say(self, **what):
        status, _, kept = self.rest("PATCH", f"/v1/iot-devices/{self.id}", what)
        self.assertEqual(status, 200, kept)
        return time.monotonic()

    def device(self, server=None, suffix="", **options):
        if server is None:
            return super().device()
        peer = Peer(server, server.mqtts_port, self.id + suffix, self.path("cert.pem"), self.key, **options)
        self.addCleanup(peer.vanish)
        return peer

    def person(self, server):
        peer = Peer(server, server.mqtt_port, "person", token=self.token)
        self.addCleanup(peer.close)
        self.assertEqual(peer.connack[0], 0)
        return peer

    def until(self, since, done, what):
        while not done():
            self.assertLess(time.monotonic() - since, self.patience, what)
            time.sleep(0.05)

    def test_what_it_hears_goes_by_its_labels_of_now(self):
        self.say(labels={"floor": "1"})
        peers = [(self.device(server, str(at)), self.person(server)) for at, server in enumerate(self.servers)]
        for lamp, person in peers:
            self.assertEqual(lamp.subscribe("floor/1/#"), 1)
            self.assertEqual(lamp.subscribe("floor/2/#"), NOT_ALLOWED)
            person.publish_and_wait("floor/1/news", "first")
            self.assertEqual(lamp.payloads(1), ["first"])
        since = self.say(labels={"floor": "2"})
        for lamp, person in peers:
            def nothing_comes():
                count = len(lamp.got)
                person.publish_and_wait("floor/1/news", "later")
                return not lamp.wait(lambda: len(lamp.got) > count, 0.1)
            self.until(since, nothing_comes, "still hears the first floor")
            self.assertEqual(lamp.subscribe("floor/2/#"), 1)
            person.publish_and_wait("floor/2/news", "second")
            self.assertTrue(lamp.wait(lambda: lamp.got[-1].payload == b"second"))
            self.assertEqual(lamp.ended, [], "nobody was sent away")

    def test_what_it_says_goes_by_its_type_of_now(self):
        self.say(type="lamp")
        raw = [RawDevice(server, self.id, self.shown[1], self.shown[3]) for server in self.servers]
        for device in raw:
            self.addCleanup(device.socket.close)
            self.assertEqual(device.publish("readings/kitchen", b"21"), NOT_ALLOWED)
        since = self.say(type="sensor")
        for device in raw:
            self.until(since, lambda: device.publish("readings/kitchen", b"21") in TAKEN, "not yet a sensor")
        since = self.say(type="lamp")
        for device in raw:
            self.until(since, lambda: device.publish("readings/kitchen", b"21") == NOT_ALLOWED, "still a sensor")

    def test_who_may_not_connect_any_more_is_cut_off(self):
        peers = [self.device(server, str(at)) for at, server in enumerate(self.servers)]
        for peer in peers:
            self.assertEqual(peer.connack[0], 0)
        since = self.say(groups=["kitchen", "banned"])
        for peer in peers:
            self.assertTrue(peer.wait(lambda: peer.ended, 5), "still connected")
            self.assertLess(peer.ended[0][0] - since, self.patience)
        for at, server in enumerate(self.servers):
            self.assertEqual(self.device(server, f"{at}-again").connack, (NOT_ALLOWED, 0))
        self.say(groups=["kitchen"])
        for at, server in enumerate(self.servers):
            self.until(time.monotonic(), lambda: (self.device(server, f"{at}-then").connack or [1])[0] == 0, "still banned")

    def test_what_waits_for_it_while_it_is_away_goes_by_its_labels_of_now(self):
        self.say(labels={"floor": "1"})
        for at, server in enumerate(self.servers):
            lamp = self.device(server, str(at), clean=False)
            self.assertEqual(lamp.subscribe("floor/1/#"), 1)
            lamp.vanish()
        people = [self.person(server) for server in self.servers]
        for person in people:
            person.publish_and_wait("floor/1/news", "while it may")
        time.sleep(self.patience - (time.monotonic() - self.say(labels={"floor": "2"})))
        for person in people:
            person.publish_and_wait("floor/1/news", "while it may not")
        self.say(labels={"floor": "1"})
        time.sleep(self.patience)
        for at, (server, person) in enumerate(zip(self.servers, people)):
            lamp = self.device(server, str(at), clean=False)
            self.assertEqual(lamp.connack, (0, 1))
            self.assertEqual(lamp.subscribe("floor/1/end"), 1)
            person.publish_and_wait("floor/1/end", "end")
            self.assertEqual(lamp.payloads(1), ["end"])

    def test_an_encrypted_device_comes_back_as_one(self):
        self.say(type="sensor")
        raw = [RawDevice(server, self.id, self.shown[1], self.shown[3]) for server in self.servers]
        for device in raw:
            self.addCleanup(device.socket.close)
            self.assertIn(device.publish("readings/kitchen", b"21"), TAKEN)
        self.say(encrypted=True)
        for device, server in zip(raw, self.servers):
            self.assertEqual(device.ends_with(), 0x98)
            again = RawDevice(server, self.id, self.shown[1], self.shown[3])
            self.addCleanup(again.socket.close)
            self.assertEqual(again.publish("readings/kitchen", b"21"), NOT_SEALED)


class DeviceChanges(Changes, DeviceCase):
    """In one process, on SQLite."""


class DeviceChangesOnPostgreSQL(OnPostgreSQL, Changes, DeviceCase):
    """In one process, on PostgreSQL."""


class DeviceChangesAtBoth(Changes, TwoServers, DeviceCase):
    """On PostgreSQL, told over NATS."""


class Unheard(TwoServers):
    """The other server hears nothing of what the first one tells."""

    other_settings = {"bus.nats_urls": ""}


class DeviceChangesUnheard(Changes, Unheard, DeviceCase):
    """Seen by the other one in the database: within two looks."""

    patience = 3.0


if __name__ == "__main__":
    unittest.main()
