"""The disk is full; the database goes away and comes back; a gateway dies among others. The server says so, is not ready,
acknowledges nothing it has not stored, and recovers without a restart."""
import os
import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from databases import Nats, PostgreSQL  # noqa: E402
from harness import PASSWORD, Server, clean_environment, wait_until  # noqa: E402
from protocol import FETCH_LOG, INBOX_ENTRY, Device, Refused, decode, first, uuid7  # noqa: E402


def readiness(server, port=None):
    status, _, body = server.request("GET", "/ready", port=port)
    return status, body["checks"].get("database")


def log_of(device, conversation):
    answer = device.call(FETCH_LOG, {1: conversation, 3: 500})
    return [first(decode(entry), 2) for entry in answer.get(1, [])]


class Traffic:
    """Two people on one server."""

    def __init__(self, case, server):
        self.server = server
        self.alice, self.bob = (Device(server, name, PASSWORD).ready() for name in ("alice", "bob"))
        case.addCleanup(self.alice.close)
        case.addCleanup(self.bob.close)
        self.conversation = self.alice.open_direct(self.bob.user_id)
        self.accepted = []

    def send(self, size=100):
        """Sends one message; the Refused it met, or None."""
        identity = uuid7()
        try:
            self.alice.send(self.conversation, [self.bob.device_id], os.urandom(size), identity)
        except Refused as refused:
            return refused
        self.accepted.append(identity)
        return None

    def check(self, case):
        case.assertTrue(set(self.accepted) <= set(log_of(self.alice, self.conversation)), "an acknowledged message is lost")


@unittest.skipUnless(os.getuid() == 0, "needs root to mount a small file system")
class DiskFull(unittest.TestCase):
    def test_a_full_disk_is_told_and_survived(self):
        server = Server(settings={"limits.messages_per_connection": "off"})
        self.addCleanup(server.close)
        server.data.mkdir(mode=0o700)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "none", str(server.data)],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"no file system may be mounted here: {mounted.stderr.strip()}")
        self.addCleanup(lambda: subprocess.run(["umount", "-l", str(server.data)], check=True))
        self.addCleanup(server.kill)
        server.start()
        traffic = Traffic(self, server)
        self.assertIsNone(traffic.send())
        with open(server.data / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"\0" * 4096)
            except OSError:
                pass
        refused = None
        for _ in range(400):
            refused = traffic.send(20_000)
            if refused:
                break
        self.assertIsNotNone(refused, "the disk never filled up")
        self.assertEqual(refused.status, 503, refused)
        self.assertNotIn("disk I/O", refused.message)
        wait_until(lambda: readiness(server)[0] == 503, 10, "not being ready")
        self.assertEqual(server.request("GET", "/health")[0], 200)
        status, _, problem = server.request("POST", "/v1/register", {"username": "carl", "password": PASSWORD})
        self.assertEqual(status, 503, problem)
        status, _, account = server.request("GET", "/v1/account", token=traffic.alice.access)
        self.assertEqual((status, account["username"]), (200, "alice"), "reading needs no space")
        (server.data / "ballast").unlink()
        wait_until(lambda: readiness(server)[0] == 200, 30, "being ready again")
        self.assertIsNone(traffic.send())
        traffic.check(self)
        self.assertEqual(server.stop(), 0)
        self.assertIn("every row is as it was written", server.admin("audit", "verify").stdout)


class DatabaseGone(unittest.TestCase):
    def test_postgresql_goes_and_comes_back(self):
        database = PostgreSQL()
        self.addCleanup(database.close)
        database.start()
        server = Server(database=database.url)
        self.addCleanup(server.close)
        server.start()
        traffic = Traffic(self, server)
        self.assertIsNone(traffic.send())
        for _ in range(2):
            database.stop()
            wait_until(lambda: readiness(server)[0] == 503, 20, "not being ready")
            self.assertEqual(server.request("GET", "/health")[0], 200)
            refused = traffic.send()
            self.assertIsNotNone(refused)
            self.assertEqual(refused.status, 503, refused)
            status, _, problem = server.request("POST", "/v1/login", {"username": "alice", "password": PASSWORD})
            self.assertEqual(status, 503, problem)
            self.assertNotIn("127.0.0.1", problem["detail"])
            database.start()
            wait_until(lambda: readiness(server)[0] == 200, 30, "being ready again")
            self.assertIsNone(wait_until(lambda: [traffic.send()], 10)[0])
            self.assertEqual(server.request("POST", "/v1/login", {"username": "alice", "password": PASSWORD})[0], 200)
        traffic.check(self)
        self.assertNotIn("unhidra@127.0.0.1", server.log_text())
        self.assertEqual(server.stop(), 0)
        self.assertIn("every row is as it was written", server.admin("audit", "verify").stdout)

    def test_a_start_without_the_database_says_so(self):
        server = Server(database="postgresql://unhidra:sesame@127.0.0.1:1/none")
        self.addCleanup(server.close)
        run = subprocess.run(server.serve_command(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                             env=clean_environment())
        self.assertEqual(run.returncode, 1)
        self.assertIn("PostgreSQL", run.stderr)
        self.assertNotIn("sesame", run.stderr)


class Cluster(unittest.TestCase):
    """Two processes with gateways on one NATS and one PostgreSQL are as one."""

    @classmethod
    def setUpClass(cls):
        cls.database, cls.nats = PostgreSQL(), Nats()
        cls.addClassCleanup(cls.database.close)
        cls.addClassCleanup(cls.nats.close)
        cls.database.start()
        settings = {"bus.nats_urls": cls.nats.url}
        cls.first = Server(database=cls.database.url, settings=settings)
        cls.addClassCleanup(cls.first.close)
        cls.first.start()
        cls.second = Server("--roles", "gateway", database=cls.database.url, settings=settings)
        cls.addClassCleanup(cls.second.close)
        cls.share_keys()
        cls.second.start()

    @classmethod
    def share_keys(cls):
        """A deployment's processes have the same master key, certificate and authority."""
        cls.second.data.mkdir(mode=0o700)
        for name in ("master.key", "ca.key", "ca.pem", "server.key", "server.pem"):
            target = cls.second.data / name
            target.write_bytes((cls.first.data / name).read_bytes())
            target.chmod(0o600)

    def through_second(self, device):
        device.server = self.second
        return device

    def test_messages_and_revocations_cross_the_processes(self):
        alice = Device(self.first, "anna", PASSWORD).ready()
        bob = Device(self.first, "ben", PASSWORD).register_device()
        rest_server = bob.server
        self.through_second(bob).connect()
        self.addCleanup(alice.close)
        self.addCleanup(bob.close)
        bob.publish_keys()
        bob.publish_list()
        conversation = alice.open_direct(bob.user_id)
        for number in range(20):
            alice.send(conversation, [bob.device_id], b"crossing %d" % number)
        seen = []
        while len(seen) < 20:
            kind, body = bob.receive_frame(10)
            if kind == INBOX_ENTRY:
                seen.append(first(decode(body), 9))
        self.assertEqual(seen, [b"crossing %d" % number for number in range(20)])
        bob.send(conversation, [alice.device_id], b"back")
        while True:
            kind, body = alice.receive_frame(10)
            if kind == INBOX_ENTRY:
                self.assertEqual(first(decode(body), 9), b"back")
                break
        bob.server = rest_server
        started = time.monotonic()
        self.assertEqual(bob.rest("POST", "/v1/logout")[0], 204)
        self.assertEqual(bob.ws.expect_close(5)[0], 4403)
        self.assertLess(time.monotonic() - started, 1.5)


if __name__ == "__main__":
    unittest.main()
