"""The server is killed while devices claim KeyPackages and change a group: nothing is given out twice, and nothing that
was acknowledged is lost."""
import collections
import contextlib
import hashlib
import os
import random
import sqlite3
import threading
import time
import unittest

from harness import PASSWORD, ServerCase
from protocol import Closed, Device, Refused, UpgradeRefused, decode, first

CLAIM_KEY_PACKAGES = 52  # of ClientFrame
SUITE = 3
LOST = (Closed, ConnectionError, OSError, TimeoutError, UpgradeRefused)
COMMIT = 2  # in mls_handshakes.kind


def sized(data):
    """A vector with its length as a QUIC variable-length integer (RFC 9420 section 2.1.2)."""
    size = len(data)
    head = bytes([size]) if size < 64 else (size | 1 << 14).to_bytes(2, "big")
    return head + data


def reference(message):
    """KeyPackageRef of a KeyPackage in an MLSMessage (RFC 9420 section 5.2)."""
    return hashlib.sha256(sized(b"MLS 1.0 KeyPackage Reference") + sized(message[4:])).digest()


class GroupCrash(ServerCase):
    server_settings = {"limits.prekey_fetch_per_connection": "off", "limits.prekey_fetch_per_user": "off",
                       "limits.prekey_fetch_per_target": "off"}

    def setUp(self):
        self.seed = int(os.environ.get("UNHIDRA_SEED", random.randrange(1 << 32)))
        self.random = random.Random(self.seed)
        self.over = threading.Event()

    def query(self, text, *values):
        with contextlib.closing(sqlite3.connect(self.server.data / "unhidra.db", timeout=20)) as database:
            return database.execute(text, values).fetchall()

    def kill_and_start(self, times, longest):
        for _ in range(times):
            time.sleep(self.random.uniform(0.02, longest))
            self.server.kill()
            self.server.start()

    def in_threads(self, jobs):
        failures = []

        def run(job):
            try:
                job()
            except BaseException as error:  # noqa: B902 - told to the main thread
                failures.append(error)

        threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        return threads, failures

    # ---- KeyPackages ----

    def claim_until_over(self, device, targets, received):
        chosen = random.Random(self.random.randrange(1 << 32))
        while not self.over.is_set():
            try:
                if device.ws is None:
                    device.connect(timeout=5)
                answer = device.call(CLAIM_KEY_PACKAGES, {1: chosen.choice(targets), 2: SUITE}, timeout=5)
            except Refused as refused:
                if refused.status < 500:
                    raise
                continue
            except LOST:
                device.close()
                time.sleep(0.02)
                continue
            for one in answer.get(2, []):
                fields = decode(one)
                received.append((first(fields, 1), first(fields, 2)))
            time.sleep(0.005)

    def left(self):
        """KeyPackages of the targets that are for one use and were not claimed yet."""
        return self.query("SELECT COUNT(*) FROM key_packages k JOIN devices d ON d.device_id = k.device_id "
                          "JOIN users u ON u.user_id = d.user_id WHERE claimed_at IS NULL AND last_resort = 0 "
                          "AND username LIKE 'target%'")[0][0]

    def test_a_key_package_is_handed_out_once(self):
        for number in range(4):
            self.cli(f"target{number}").register(f"target{number}")
        targets = [row[0] for row in self.query("SELECT user_id FROM users WHERE username LIKE 'target%'")]
        self.assertEqual(len(targets), 4)
        published = self.left()
        self.assertGreater(published, 100)
        received = []
        devices = [Device(self.server, f"claimer{number}", PASSWORD).ready() for number in range(5)]
        threads, failures = self.in_threads(
            [lambda device=device: self.claim_until_over(device, targets, received) for device in devices])
        try:
            self.kill_and_start(8, 0.25)
            deadline = time.monotonic() + 60  # until all are gone and the last resort is given out
            while self.left() > 0 and time.monotonic() < deadline:
                time.sleep(0.1)
            time.sleep(0.3)
        finally:
            self.over.set()
            for thread in threads:
                thread.join()
        for device in devices:
            device.close()
        self.assertEqual(failures, [], f"seed {self.seed}")
        rows = {(device, ref): (last, claimed) for device, ref, last, claimed in
                self.query("SELECT device_id, reference, last_resort, claimed_at IS NOT NULL FROM key_packages")}
        times = collections.Counter((device, reference(package)) for device, package in received)
        for name, count in times.items():
            self.assertIn(name, rows, "what was handed out is known to the database that outlived the server")
            last, claimed = rows[name]
            self.assertTrue(last or (claimed and count == 1), f"seed {self.seed}: handed out {count} times")
        given = [name for name in times if not rows[name][0]]
        # One that was taken while its answer died with the server is lost to everybody, and no more than that.
        self.assertLessEqual(len(given), published)
        self.assertGreaterEqual(len(given), published - 8 * len(devices))
        self.assertTrue(any(rows[name][0] for name in times), "the last resort was never reached")

    # ---- commits ----

    def act_until_over(self, cli, name, sent):
        """Writes, brings somebody in and takes him out again; notes what the server acknowledged."""
        chosen = random.Random(self.random.randrange(1 << 32))
        number = 0
        while not self.over.is_set():
            number += 1
            text = f"{name} {number}"
            what = chosen.choice(["send", "send", "add", "remove"])
            if what == "send":
                done = cli.run("send", "#crashing", text, timeout=120)
                if done.returncode == 0:
                    sent.append(text)
            else:
                cli.run("group", what, "crashing", chosen.choice(["guest0", "guest1", "guest2"]), timeout=120)

    def gather(self, members, sent):
        """Everybody online in turn until all are in one epoch; what each can tell of the group then."""
        deadline = time.monotonic() + 90
        while True:
            for cli in members:
                cli.ok("listen", "--once", "--timeout", "20")
            states = [cli.json("group", "members", "crashing")[-1] for cli in members]
            histories = [[entry["text"] for entry in cli.json("history", "#crashing", "--limit", "0")
                          if "text" in entry] for cli in members]
            together = len({(state["epoch"], state["code"]) for state in states}) == 1
            if (together and all(set(sent) <= set(texts) for texts in histories)) or time.monotonic() > deadline:
                return states, histories

    def test_a_group_outlives_its_servers_deaths(self):
        people = ["anna", "ben", "cleo"]
        members = [self.cli(name) for name in people]
        for cli, name in zip(members, people):
            cli.register(name)
        for number in range(3):
            self.cli(f"guest{number}").register(f"guest{number}")
        members[0].ok("group", "create", "crashing", *people[1:])
        for cli in members[1:]:
            cli.ok("listen", "--once", "--timeout", "20")
        sent = []
        threads, failures = self.in_threads(
            [lambda cli=cli, name=name: self.act_until_over(cli, name, sent) for cli, name in zip(members, people)])
        try:
            self.kill_and_start(8, 2.5)
            time.sleep(2)
        finally:
            self.over.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [], f"seed {self.seed}")
        self.assertGreater(len(sent), 3, "nothing was acknowledged at all")
        states, histories = self.gather(members, sent)
        self.check_log()
        members_ids = {user.hex() for user, in self.query(
            "SELECT user_id FROM users WHERE username IN (?, ?, ?)", *people)}
        ids = lambda state: {member["user_id"].replace("-", "") for member in state["members"]}
        for name, state, texts in zip(people, states, histories):
            why = f"seed {self.seed}, {name}"
            self.assertEqual([text for text in sent if text not in texts], [], f"{why}: acknowledged, and lost")
            doubles = [text for text, count in collections.Counter(texts).items() if count > 1]
            self.assertEqual(doubles, [], f"{why}: shown twice")
            self.assertEqual(state["epoch"], states[0]["epoch"], why)
            self.assertEqual(state["code"], states[0]["code"], why)
            self.assertEqual(ids(state), ids(states[0]), why)
            self.assertEqual(members_ids - ids(state), set(), why)
        # They can all go on.
        for cli, name in zip(members, people):
            cli.ok("send", "#crashing", f"{name} at the end")
        last = {f"{name} at the end" for name in people}
        _, histories = self.gather(members, sorted(last))
        for texts in histories:
            self.assertEqual(last - set(texts), set())

    def check_log(self):
        commits = self.query("SELECT conversation_id, epoch, COUNT(*) FROM mls_handshakes WHERE kind = ? "
                             "GROUP BY conversation_id, epoch", COMMIT)
        self.assertGreater(len(commits), 2)
        self.assertEqual([commit for commit in commits if commit[2] != 1], [], "an epoch has two commits")
        self.assertEqual(sorted(epoch for _, epoch, _ in commits), list(range(len(commits))))
        (head,), = self.query("SELECT head_seq FROM conversations WHERE kind = 'group'")
        log = self.query("SELECT seq FROM mls_handshakes UNION ALL SELECT m.seq FROM messages m JOIN conversations c ON "
                         "c.conversation_id = m.conversation_id WHERE c.kind = 'group' ORDER BY 1")
        self.assertEqual([seq for seq, in log], list(range(1, head + 1)), "the log has a gap or a double")


if __name__ == "__main__":
    unittest.main()
