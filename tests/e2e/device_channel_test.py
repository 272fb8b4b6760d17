"""The pairwise channel between a device and its owner's client, through the real broker: epochs and commands go over it from the
first one on, and whoever owns the broker can neither bring back what was sealed before nor use again what was said."""
import threading
import time
import unittest
import uuid

import paho.mqtt.client as paho

from controllers import ControllerCase
from device_programs import Client, SETTINGS
from harness import wait_until


class Broker:
    """What somebody can do who owns the broker: sees everything that passes, keeps it, says what he likes."""

    def __init__(self, case):
        self.case = case
        self.seen = []
        self.client = paho.Client(client_id=f"owner-{uuid.uuid4()}", protocol=paho.MQTTv311)
        self.client.username_pw_set("token", case.token)
        ready = threading.Event()
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_connect = lambda client, *_: client.subscribe("devices/#", 1)
        self.client.on_message = lambda client, data, message: self.seen.append((message.topic, message.payload))
        self.client.connect("127.0.0.1", case.server.mqtt_port)
        self.client.loop_start()
        case.addCleanup(self.client.loop_stop)
        case.addCleanup(self.client.disconnect)
        case.assertTrue(ready.wait(10))

    def at(self, topic):
        return [payload for one, payload in list(self.seen) if one == topic and payload]

    def say(self, topic, payload, retained=False):
        self.client.publish(topic, payload, qos=1, retain=retained).wait_for_publish(10)


class DeviceChannel(ControllerCase):
    server_settings = SETTINGS

    def setUp(self):
        super().setUp()
        self.broker = Broker(self)
        self.device_group = self.group()
        self.device = self.thermostat("heater")

    def thermostat(self, name):
        device = Client(self, f"{self.name}-{name}", "thermostat").enrolled()
        self.addCleanup(device.close)
        device.code_of_keys = device.ok("commission", "--owner", self.owner)[-1]["commissioning_code"]
        self.power_up(device)
        wait_until(lambda: self.broker.at(self.prekeys(device)), what="prekeys")
        return device

    @staticmethod
    def power_up(device):
        device.start("--kind", "thermostat", "--interval", "1")
        device.wait_for("connected")

    @staticmethod
    def prekeys(device):
        return f"devices/{device.id}/prekeys"

    def channel(self, device):
        mine = self.device_json(self.admin, "owner")["device_id"]
        return f"devices/{device.id}/channel/{mine}"

    def add(self, device):
        return self.device_json(self.admin, "group", "add", self.device_group, device.id, f"--code={device.code_of_keys}")

    def rotate(self):
        return self.device_json(self.admin, "group", "rotate", self.device_group)

    def command(self, device, *words):
        return self.device_json(self.admin, "command", device.id, *words)["text"]

    def test_epochs_and_commands_go_over_it(self):
        self.add(self.device)
        joined = self.device.wait_for("group.joined")
        self.assertEqual((joined["by"], joined["policy_version"]), ("channel", joined["epoch"]))
        self.assertEqual(self.command(self.device, "set", "21.5"), "ok: target 21.5")
        self.assertEqual(self.command(self.device, "set", "22"), "ok: target 22.0")
        self.assertEqual({one["by"] for one in self.device.said("command.obeyed")}, {"channel"})
        self.rotate()
        self.assertEqual(self.device.wait_for("group.joined", 2)["by"], "channel")
        # Nothing of it was sealed for keys that stay, nor sent as the group's commands are.
        for topic, payload in self.broker.seen:
            self.assertFalse(payload and topic.startswith(f"devices/{self.device.id}/group/"), topic)
            self.assertNotEqual(topic, f"devices/{self.device.id}/command")
        # It goes on after a restart, and while the device is away.
        self.device.stop()
        epoch = self.rotate()["epoch"]
        self.power_up(self.device)
        self.assertEqual(self.device.wait_for("group.joined")["epoch"], epoch)
        self.assertEqual(self.command(self.device, "set", "19"), "ok: target 19.0")
        self.assertEqual(self.device.said("channel.refused"), [])

    def test_what_is_kept_of_it_is_sealed_anew_with_each_epoch(self):
        """Else whoever comes into the group later could not read it before it changes."""
        epochs = [self.add(self.device)["epoch"], self.rotate()["epoch"], self.rotate()["epoch"]]
        self.device.wait_for("group.joined", 3)
        kept = lambda: [int.from_bytes(payload[10:14], "big") for payload in self.broker.at(f"devices/{self.device.id}/state")]
        wait_until(lambda: epochs[-1] in kept(), what=f"a state of epoch {epochs[-1]} in {kept()}")
        self.assertEqual(kept(), epochs)
        later = Broker(self)  # sees what is kept
        wait_until(lambda: later.at(f"devices/{self.device.id}/state"), what="the state")
        self.assertEqual(int.from_bytes(later.at(f"devices/{self.device.id}/state")[0][10:14], "big"), epochs[-1])

    def test_what_was_said_is_of_no_use_to_who_owns_the_broker(self):
        self.add(self.device)
        self.device.wait_for("group.joined")
        self.command(self.device, "set", "25")
        other = self.thermostat("other")
        self.add(other)
        other.wait_for("group.joined")
        said = self.broker.at(self.channel(self.device))
        self.assertGreaterEqual(len(said), 2)
        for payload in said:
            self.broker.say(self.channel(self.device), payload)  # again
            self.broker.say(self.channel(other), payload)  # to somebody else
            self.broker.say(self.channel(self.device) + "/answer", payload, True)  # back
            self.broker.say(self.channel(self.device), payload[:-1] + bytes([payload[-1] ^ 1]))
            self.broker.say(f"devices/{self.device.id}/channel/{uuid.uuid4()}", payload)  # another controller's
        wait_until(lambda: len(self.device.said("channel.refused")) >= 3 * len(said), what="refusals")
        wait_until(lambda: len(other.said("channel.refused")) >= len(said), what="refusals")
        self.assertEqual([one["result"] for one in self.device.said("command.obeyed")], ["ok: target 25.0"])
        self.assertEqual(other.said("command.obeyed"), [])
        # And the next honest one arrives.
        self.assertEqual(self.command(self.device, "set", "18"), "ok: target 18.0")
        self.assertEqual(self.command(other, "set", "17"), "ok: target 17.0")

    def test_prekeys_that_are_not_its_own_or_older_begin_nothing(self):
        first = self.broker.at(self.prekeys(self.device))[-1]
        self.add(self.device)
        self.device.wait_for("group.joined")
        wait_until(lambda: len(self.broker.at(self.prekeys(self.device))) >= 2, what="new prekeys")
        last = self.broker.at(self.prekeys(self.device))[-1]
        self.assertNotEqual(first, last, "a prekey serves once")
        other = self.broker.at(self.prekeys(self.thermostat("other")))[-1]
        for lie in (first, other, last[:-1] + bytes([last[-1] ^ 1]), last[:-64], b"\x01", first[:200] + last[200:]):
            self.broker.say(self.prekeys(self.device), lie, True)
            self.assertEqual(self.command(self.device, "set", "21"), "ok: target 21.0")
        self.assertEqual({one["by"] for one in self.device.said("command.obeyed")}, {"channel"})

    def test_there_is_no_way_back_to_what_was_sealed(self):
        # A broker that withholds the prekeys at first gets what there was before.
        self.broker.say(self.prekeys(self.device), b"", True)
        self.add(self.device)
        self.assertEqual(self.device.wait_for("group.joined")["by"], "sealed delivery")
        sealed = next(payload for topic, payload in self.broker.seen
                      if payload and topic.startswith(f"devices/{self.device.id}/group/"))
        topic = next(topic for topic, payload in self.broker.seen if payload == sealed)
        self.device.stop()
        self.power_up(self.device)  # publishes anew
        wait_until(lambda: len(self.broker.at(self.prekeys(self.device))) >= 2, what="prekeys")
        self.rotate()
        self.assertEqual(self.device.wait_for("group.joined")["by"], "channel")
        self.broker.say(topic, sealed, True)
        self.assertIn("pairwise channel", self.device.wait_for("keys.refused")["reason"])
        # Withheld again, it helps nothing any more: the client goes on over the session that there is.
        self.broker.say(self.prekeys(self.device), b"", True)
        count = len(self.broker.at(topic))
        self.rotate()
        self.assertEqual(self.device.wait_for("group.joined", 2)["by"], "channel")
        self.assertEqual(len(self.broker.at(topic)), count)

    def test_a_device_that_is_commissioned_anew_begins_anew(self):
        self.add(self.device)
        self.device.wait_for("group.joined")
        self.command(self.device, "set", "25")
        self.device.stop()
        published = len(self.broker.at(self.prekeys(self.device)))
        self.device.ok("commission", "--owner", self.owner)
        self.power_up(self.device)
        wait_until(lambda: len(self.broker.at(self.prekeys(self.device))) > published, what="prekeys")
        self.assertEqual(self.command(self.device, "set", "20"), "ok: target 20.0")
        self.assertEqual([one["by"] for one in self.device.said("command.obeyed")], ["channel"])

    def test_power_that_goes_at_any_moment_loses_and_doubles_nothing(self):
        self.add(self.device)
        self.device.wait_for("group.joined")
        for number in range(4):
            asked = threading.Thread(target=self.run_device, args=("command", self.device.id, "set", str(10 + number)))
            asked.start()
            time.sleep(0.05 * number)
            self.device.stop(9)
            self.power_up(self.device)
            asked.join(30)
        self.assertEqual(self.command(self.device, "set", "23"), "ok: target 23.0")
        self.rotate()
        wait_until(lambda: "channel" in [one.get("by") for one in self.device.said("group.joined")], what="the epoch")


if __name__ == "__main__":
    unittest.main()
