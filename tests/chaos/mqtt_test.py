"""The MQTT broker dies by SIGKILL again and again while Paho's client publishes: what it acknowledged arrives, QoS 2
once, in order."""
import os
import pathlib
import random
import subprocess
import tempfile
import threading
import time
import unittest

import paho.mqtt.client as paho

BROKER = pathlib.Path(os.environ["UNHIDRA_BIN"]) / "mqtt_broker"
DEATHS = int(os.environ.get("UNHIDRA_MQTT_DEATHS", "20"))
PATIENCE = 30


class Broker:
    def __init__(self, folder):
        self.folder = folder
        self.port = 0
        self.process = None

    def start(self):
        self.process = subprocess.Popen([BROKER, "--port", str(self.port), "--data", self.folder],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if line.startswith("tcp"):
                self.port = int(line.split()[1])
            if line.strip() == "ready":
                return
        raise AssertionError(f"the broker did not start: {self.process.wait()}")

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


if __name__ == "__main__":
    unittest.main()
