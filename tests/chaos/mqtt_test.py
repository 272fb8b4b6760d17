"""The MQTT broker dies by SIGKILL again and again while Paho's client publishes: what it acknowledged arrives, QoS 2
once, in order."""
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import paho.mqtt.client as paho

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from programs import program  # noqa: E402

BROKER = program("mqtt_broker")
DEATHS = int(os.environ.get("UNHIDRA_MQTT_DEATHS", "20"))
PATIENCE = 30


class Broker:
    def __init__(self, folder, *options):
        self.folder = folder
        self.options = options
        self.port = 0
        self.process = None

    def start(self):
        self.process = subprocess.Popen([BROKER, "--port", str(self.port), "--data", self.folder, *self.options],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if line.startswith("tcp"):
                self.port = int(line.split()[1])
            if line.strip() == "ready":
                return
        raise AssertionError(f"the broker did not start: {self.process.wait()}")

    def writes_snapshot(self):
        return any(name.startswith("snapshot-") and name.endswith(".tmp") for name in os.listdir(self.folder))

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Client:
    """Paho's client with a thread of its own; reconnects when told to."""

    def __init__(self, name, broker):
        self.broker = broker
        self.lock = threading.Lock()
        self.granted = threading.Event()
        self.client = paho.Client(client_id=name, clean_session=False)
        self.client.max_inflight_messages_set(50)
        self.connected = threading.Event()
        self.client.on_subscribe = lambda *_: self.granted.set()
        self.client.on_connect = lambda *_: self.connected.set()

    def connect(self):
        """Returns when it has resent what is not acknowledged: a message published before that would overtake it."""
        self.connected.clear()
        self.client.connect("127.0.0.1", self.broker.port, keepalive=60)
        self.client.loop_start()
        assert self.connected.wait(PATIENCE), "no CONNACK"
        time.sleep(0.05)

    def disconnect(self):
        self.client.loop_stop()


class MqttDies(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.broker = Broker(self.folder.name)
        self.seed = int(os.environ.get("UNHIDRA_TEST_SEED", time.time_ns() & 0xffffffff))
        print("UNHIDRA_TEST_SEED =", self.seed)
        self.random = random.Random(self.seed)

    def test_nothing_acknowledged_is_lost_and_nothing_of_qos_2_is_doubled(self):
        sender, reader = Client("sender", self.broker), Client("reader", self.broker)
        received, acknowledged, sent = [], set(), {}

        def on_publish(_client, _userdata, mid):
            with sender.lock:
                acknowledged.add(mid)

        sender.client.on_publish = on_publish
        reader.client.on_message = lambda _c, _u, message: received.append(message.payload.decode())
        self.broker.start()
        reader.connect()
        reader.client.subscribe("#", 2)
        self.assertTrue(reader.granted.wait(PATIENCE))
        sender.connect()
        number = 0
        for _ in range(DEATHS):
            until = time.monotonic() + self.random.uniform(0.01, 0.15)
            while time.monotonic() < until:
                qos = 1 + number % 2
                info = sender.client.publish(f"t/{qos}", f"{qos}:{number}", qos=qos)
                with sender.lock:
                    sent.setdefault(info.mid, []).append(f"{qos}:{number}")
                number += 1
                time.sleep(0.0005)
            self.broker.kill()
            sender.disconnect()
            reader.disconnect()
            self.broker.start()
            reader.connect()
            sender.connect()
        wanted = {payload for payloads in sent.values() for payload in payloads}
        deadline = time.monotonic() + PATIENCE
        while set(received) != wanted and time.monotonic() < deadline:
            time.sleep(0.05)
        for client in (sender, reader):
            client.client.disconnect()
            client.disconnect()
        self.broker.kill()
        self.assertGreater(number, DEATHS * 5)
        self.assertEqual(wanted - set(received), set(), "lost")
        twos = [payload for payload in received if payload.startswith("2:")]
        self.assertEqual(len(twos), len(set(twos)), "QoS 2 came twice")
        for qos in ("1:", "2:"):
            firsts = list(dict.fromkeys(int(p[2:]) for p in received if p.startswith(qos)))
            self.assertEqual(firsts, sorted(firsts), "out of order")

    def test_a_death_while_a_snapshot_is_written_loses_nothing(self):
        """Kept messages of many topics, and the queue of a session that is away: enough that a snapshot takes a while."""
        broker = Broker(self.folder.name, "--snapshot-at", "1000000")
        sender, keeper = Client("sender", broker), Client("keeper", broker)
        acknowledged, sent = [], {}
        sender.client.on_publish = lambda _client, _userdata, mid: acknowledged.append(mid)
        broker.start()
        keeper.connect()
        keeper.client.subscribe("work/#", 1)
        self.assertTrue(keeper.granted.wait(PATIENCE))
        keeper.client.disconnect()
        keeper.disconnect()

        def publish():
            number = len(sent)
            topic = f"kept/{number % 1999}" if number % 10 else f"work/{number}"
            mid = sender.client.publish(topic, f"{number}".ljust(1500), qos=1, retain=number % 10 != 0).mid
            sent[mid] = (topic, number)

        sender.connect()
        while len(sent) < 3000:
            publish()
            time.sleep(0.0001)
        hit = 0
        for _ in range(DEATHS // 2):
            deadline = time.monotonic() + PATIENCE
            while not broker.writes_snapshot():
                self.assertLess(time.monotonic(), deadline, "no snapshot")
                publish()
                time.sleep(0.0002)
            time.sleep(self.random.choice((0, 0.002, 0.01)))
            broker.kill()
            hit += broker.writes_snapshot()
            sender.disconnect()
            broker.start()
            sender.connect()
        print("deaths during a snapshot:", hit)
        self.assertGreater(hit, DEATHS // 8)
        sender.client.disconnect()
        sender.disconnect()
        self.check_kept(broker, keeper, [sent[mid] for mid in acknowledged])
        broker.kill()

    def check_kept(self, broker, keeper, acknowledged):
        """Everything acknowledged is there: in the queue, or as what its topic keeps, unless something later is."""
        queued = {number for topic, number in acknowledged if topic.startswith("work/")}
        newest = {}
        for topic, number in acknowledged:
            if topic.startswith("kept/"):
                newest[topic] = max(number, newest.get(topic, 0))
        got, kept = [], {}
        keeper.client.on_message = lambda _c, _u, message: got.append(int(message.payload))
        reader = Client("reader", broker)
        reader.client.on_message = lambda _c, _u, message: kept.update({message.topic: int(message.payload)})
        keeper.connect()
        reader.connect()
        reader.client.subscribe("kept/#", 1)
        deadline = time.monotonic() + PATIENCE
        while (not queued <= set(got) or not newest.keys() <= kept.keys()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for client in (keeper, reader):
            client.client.disconnect()
            client.disconnect()
        self.assertEqual(queued - set(got), set(), "lost from the queue")
        self.assertEqual(list(dict.fromkeys(got)), sorted(set(got)), "out of order")
        self.assertEqual({topic: number for topic, number in newest.items() if kept.get(topic, -1) < number}, {}, "lost")


if __name__ == "__main__":
    unittest.main()
