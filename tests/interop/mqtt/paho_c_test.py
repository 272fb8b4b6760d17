"""The Paho C client (Debian's libpaho-mqtt-dev; PAHO_C_CLIENT is paho_c_client.c, compiled) over each transport."""
import os
import subprocess
import unittest

import brokers

SCHEMES = {"tcp": "tcp://{}:{}", "tls": "ssl://{}:{}", "ws": "ws://{}:{}/mqtt", "wss": "wss://{}:{}/mqtt"}


@unittest.skipUnless(os.environ.get("PAHO_C_CLIENT"), "libpaho-mqtt-dev is not installed")
class PahoC(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = brokers.Broker()
        cls.addClassCleanup(cls.broker.stop)

    @brokers.every_way(SCHEMES, ["3.1.1", "5"])
    def test_a_round(self, transport, version, topic):
        # This client does not look at a second packet in a frame of plain WebSocket before more bytes come, though a frame
        # may hold several (MQTT-6.0.0-2): it passes against brokers that send one packet in a frame.
        uri = SCHEMES[transport].format("localhost", self.broker.ports[transport])
        result = subprocess.run([os.environ["PAHO_C_CLIENT"], uri, self.broker.ca or "", version, topic],
                                capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
