"""mosquitto_pub and mosquitto_sub: TCP and TLS (Debian's are built without WebSocket)."""
import shutil
import subprocess
import unittest
import uuid

import brokers

TRANSPORTS = ["tcp", "tls"]
VERSIONS = ["mqttv31", "mqttv311", "mqttv5"]
WATCHED = ["stdbuf", "-oL"]  # its lines come at once


@unittest.skipUnless(shutil.which("mosquitto_pub"), "mosquitto-clients is not installed")
class MosquittoClients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = brokers.Broker()
        cls.addClassCleanup(cls.broker.stop)

    def place(self, transport):
        out = ["-h", brokers.HOST, "-p", str(self.broker.ports[transport])]
        return out + (["--cafile", self.broker.ca] if transport == "tls" else [])

    def publish(self, transport, *arguments):
        result = subprocess.run(["mosquitto_pub", *self.place(transport), *arguments], capture_output=True, text=True,
                                timeout=20, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)

    def receive(self, transport, *arguments):
        return subprocess.run(["mosquitto_sub", *self.place(transport), "-W", "5", *arguments], capture_output=True,
                              text=True, timeout=20, check=False)

    def wait_for_suback(self, subscriber):
        """The program ends by itself when none comes."""
        self.assertTrue(any("SUBACK" in line for line in subscriber.stdout))

    @brokers.every_way(TRANSPORTS, VERSIONS)
    def test_every_qos_arrives(self, transport, version, topic):
        subscriber = subprocess.Popen(
            [*WATCHED, "mosquitto_sub", *self.place(transport), "-V", version, "-q", "2", "-t", topic + "/#", "-C", "3", "-W", "10",
             "-F", "%q %t %p", "-d"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.wait_for_suback(subscriber)
        for qos in "012":
            self.publish(transport, "-V", version, "-q", qos, "-t", f"{topic}/{qos}", "-m", f"payload {qos} äöü")
        output, _ = subscriber.communicate(timeout=20)
        messages = [line for line in output.splitlines() if line.split(" ", 1)[0] in ("0", "1", "2")]
        self.assertEqual(messages, [f"{qos} {topic}/{qos} payload {qos} äöü" for qos in "012"])

    @brokers.every_way(TRANSPORTS, VERSIONS)
    def test_retained_messages_are_kept_and_cleared(self, transport, version, topic):
        self.publish(transport, "-V", version, "-q", "1", "-r", "-t", topic, "-m", "kept")
        kept = self.receive(transport, "-V", version, "-t", topic, "-C", "1", "-F", "%r %p")
        self.assertEqual(kept.stdout, "1 kept\n")
        self.publish(transport, "-V", version, "-q", "1", "-r", "-t", topic, "-n")
        self.assertEqual(self.receive(transport, "-V", version, "-t", topic, "-C", "1", "-W", "1").stdout, "")

    @brokers.every_way(TRANSPORTS, VERSIONS)
    def test_what_came_meanwhile_waits_in_the_session(self, transport, version, topic):
        session = ["-V", version, "-i", "session-" + uuid.uuid4().hex[:8], "-c", "-q", "1", "-t", topic]
        session += ["-x", "60"] if version == "mqttv5" else []
        self.assertEqual(self.receive(transport, *session, "-E").returncode, 0)
        for number in range(5):
            self.publish(transport, "-V", version, "-q", "1", "-t", topic, "-m", str(number))
        self.assertEqual(self.receive(transport, *session, "-C", "5").stdout.split(), list("01234"))

    @brokers.every_way(TRANSPORTS, VERSIONS)
    def test_a_will_is_published_when_the_client_dies(self, transport, version, topic):
        watcher = subprocess.Popen(
            [*WATCHED, "mosquitto_sub", *self.place(transport), "-t", topic, "-C", "1", "-W", "15", "-d", "-F", "will %p"],
            stdout=subprocess.PIPE, text=True)
        self.wait_for_suback(watcher)
        victim = subprocess.Popen(
            [*WATCHED, "mosquitto_sub", *self.place(transport), "-V", version, "-t", topic + "/x", "--will-topic", topic, "--will-payload",
             "gone", "-d", "-W", "20"], stdout=subprocess.PIPE, text=True)
        self.wait_for_suback(victim)
        victim.kill()
        victim.communicate()
        self.assertIn("will gone\n", watcher.communicate(timeout=20)[0])

    @brokers.every_way(TRANSPORTS, ["mqttv5"])
    def test_properties_of_version_5_pass_unchanged(self, transport, version, topic):
        self.publish(transport, "-V", "5", "-r", "-t", topic, "-m", "m", "-D", "publish", "user-property", "a", "1", "-D", "publish",
                     "user-property", "a", "2", "-D", "publish", "response-topic", "answer/here", "-D", "publish",
                     "content-type", "text/plain", "-D", "publish", "correlation-data", "c0ffee")
        got = self.receive(transport, "-V", "5", "-t", topic, "-C", "1", "-F", "%P|%R|%C|%D")
        self.assertEqual(got.stdout, "a:1 a:2|answer/here|text/plain|c0ffee\n")


if __name__ == "__main__":
    unittest.main()
