"""python3-paho-mqtt over TCP, TLS, WebSocket and secure WebSocket, versions 3.1.1 and 5."""
import queue
import unittest
import uuid

import brokers

try:
    from paho.mqtt import client as paho
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
except ImportError:
    paho = None

PATIENCE = 10


class Client:
    """Callbacks of paho's thread become queues."""

    def __init__(self, broker, transport, version, client_id="", clean=True, will=None, expiry=0):
        self.connected, self.subscribed, self.messages, self.published = (queue.Queue() for _ in range(4))
        web = transport in ("ws", "wss")
        first = {"clean_session": clean} if version == 4 else {}
        self.paho = paho.Client(client_id or uuid.uuid4().hex[:16], protocol=version,
                                transport="websockets" if web else "tcp", **first)
        if web:
            self.paho.ws_set_options(path="/mqtt")
        if transport in ("tls", "wss"):
            self.paho.tls_set(broker.ca)
        if will:
            self.paho.will_set(*will)
        self.paho.on_connect = lambda _c, _u, flags, code, *_p: self.connected.put((int(getattr(code, "value", code)), flags))
        self.paho.on_subscribe = lambda _c, _u, _mid, codes, *_p: self.subscribed.put([int(getattr(c, "value", c)) for c in codes])
        self.paho.on_message = lambda _c, _u, message: self.messages.put(message)
        self.paho.on_publish = lambda _c, _u, mid: self.published.put(mid)
        second = {}
        if version == 5:
            second["clean_start"] = clean
            second["properties"] = Properties(PacketTypes.CONNECT)
            second["properties"].SessionExpiryInterval = expiry
        self.paho.connect("localhost" if broker.ca else brokers.HOST, broker.ports[transport], **second)
        self.paho.loop_start()
        code, self.flags = self.connected.get(timeout=PATIENCE)
        assert code == 0, code

    def subscribe(self, topic, qos):
        self.paho.subscribe(topic, qos)
        return self.subscribed.get(timeout=PATIENCE)

    def publish(self, topic, payload, qos, **more):
        self.paho.publish(topic, payload, qos, **more)
        self.published.get(timeout=PATIENCE)

    def message(self):
        return self.messages.get(timeout=PATIENCE)

    def leave(self):
        self.paho.disconnect()
        self.paho.loop_stop()

    def die(self):
        """Without DISCONNECT."""
        self.paho.loop_stop()
        self.paho._sock_close()


@unittest.skipUnless(paho, "python3-paho-mqtt is not installed")
class PahoPython(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = brokers.Broker()
        cls.addClassCleanup(cls.broker.stop)

    @brokers.every_way(brokers.OPTIONS, [4, 5])
    def test_every_qos_and_size_arrives_in_order(self, transport, version, topic):
        client = Client(self.broker, transport, version)
        self.assertEqual(client.subscribe(topic + "/#", 2), [2])
        payloads = [b"", b"x", bytes(range(256)) * 8, b"y" * 200_000]
        for qos in (0, 1, 2):
            for number, payload in enumerate(payloads):
                client.publish(f"{topic}/{number}/é", payload, qos)
        for qos in (0, 1, 2):
            for number, payload in enumerate(payloads):
                got = client.message()
                self.assertEqual((got.topic, got.qos, got.payload), (f"{topic}/{number}/é", qos, payload))
        client.leave()

    @brokers.every_way(brokers.OPTIONS, [4, 5])
    def test_many_messages_at_once(self, transport, version, topic):
        client = Client(self.broker, transport, version)
        client.subscribe(topic, 1)
        for number in range(500):
            client.paho.publish(topic, str(number), 1)
        self.assertEqual([int(client.message().payload) for _ in range(500)], list(range(500)))
        client.leave()

    @brokers.every_way(brokers.OPTIONS, [4, 5])
    def test_the_session_keeps_what_came_meanwhile(self, transport, version, topic):
        name = "session-" + uuid.uuid4().hex[:8]
        first = Client(self.broker, transport, version, name, clean=False, expiry=60)
        first.subscribe(topic, 2)
        first.leave()
        other = Client(self.broker, transport, version)
        for qos in (1, 2):
            other.publish(topic, str(qos), qos)
        other.leave()
        again = Client(self.broker, transport, version, name, clean=False, expiry=60)
        flags = again.flags
        self.assertEqual(flags["session present"], 1)
        self.assertEqual([again.message().payload for _ in range(2)], [b"1", b"2"])
        again.leave()

    @brokers.every_way(brokers.OPTIONS, [4, 5])
    def test_retained_and_will(self, transport, version, topic):
        dying = Client(self.broker, transport, version, will=(topic + "/will", "gone", 1, True))
        dying.publish(topic + "/kept", "kept", 1, retain=True)
        watcher = Client(self.broker, transport, version)
        watcher.subscribe(topic + "/#", 1)
        kept = watcher.message()
        self.assertEqual((kept.payload, kept.retain), (b"kept", True))
        dying.die()
        will = watcher.message()
        self.assertEqual((will.topic, will.payload, will.retain), (topic + "/will", b"gone", False))
        for name in ("/kept", "/will"):
            watcher.publish(topic + name, "", 1, retain=True)
        watcher.leave()

    @brokers.every_way(brokers.OPTIONS, [5])
    def test_request_and_response(self, transport, version, topic):
        asker, answerer = (Client(self.broker, transport, version) for _ in range(2))
        answerer.subscribe(topic + "/ask", 1)
        asker.subscribe(topic + "/answer", 1)
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = topic + "/answer"
        properties.CorrelationData = b"\x00\x01"
        properties.UserProperty = [("a", "1"), ("a", "2")]
        asker.publish(topic + "/ask", "?", 1, properties=properties)
        question = answerer.message()
        self.assertEqual(question.properties.UserProperty, [("a", "1"), ("a", "2")])
        back = Properties(PacketTypes.PUBLISH)
        back.CorrelationData = question.properties.CorrelationData
        answerer.publish(question.properties.ResponseTopic, "!", 1, properties=back)
        answer = asker.message()
        self.assertEqual((answer.payload, answer.properties.CorrelationData), (b"!", b"\x00\x01"))
        asker.leave()
        answerer.leave()

    @brokers.every_way(brokers.OPTIONS, [5])
    def test_a_shared_subscription_shares(self, transport, version, topic):
        members = [Client(self.broker, transport, version) for _ in range(2)]
        for member in members:
            member.subscribe(f"$share/group/{topic}", 1)
        for number in range(20):
            members[0].publish(topic, str(number), 1)
        got = []
        while len(got) < 20:
            for member in members:
                while not member.messages.empty():
                    got.append(int(member.message().payload))
        self.assertEqual(sorted(got), list(range(20)))
        for member in members:
            member.leave()


if __name__ == "__main__":
    unittest.main()
