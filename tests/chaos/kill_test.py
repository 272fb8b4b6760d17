"""kill -9 of the server under load, at seeded random moments: what was acknowledged is there, once, in order; the audit
chain verifies; no one-time prekey was handed out twice.

UNHIDRA_CHAOS_KILLS and UNHIDRA_CHAOS_SEED change the defaults; both are printed.
"""
import collections
import os
import pathlib
import random
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from databases import PostgreSQL  # noqa: E402
from harness import PASSWORD, Server  # noqa: E402
from protocol import ACKNOWLEDGE_INBOX, FETCH_BUNDLES, FETCH_LOG, Closed, Device, Refused, UpgradeRefused, decode, first, uuid7  # noqa: E402

KILLS = int(os.environ.get("UNHIDRA_CHAOS_KILLS", "50"))
SEED = int(os.environ.get("UNHIDRA_CHAOS_SEED", "20260718"))
PAIRS = 4
WINDOW = 8  # messages of one sender under way


class Worker(threading.Thread):
    """Works on one connection, and on the next one when the server has died, until stop() and done."""

    def __init__(self, device):
        super().__init__(daemon=True)
        self.device, self.stopping, self.reconnects, self.failure = device, threading.Event(), 0, None

    def run(self):
        try:
            while not self.finished():
                try:
                    if self.device.ws is None:
                        self.device.connect(timeout=10)
                        self.reconnects += 1
                        self.connected()
                    self.turn()
                except (Closed, OSError, UpgradeRefused) as gone:
                    if isinstance(gone, UpgradeRefused) and gone.status not in (503, 429):
                        raise
                    self.device.close()
                    time.sleep(0.05)
                except Refused as refused:
                    if refused.status not in (429, 503):
                        raise
                    time.sleep(0.02)
        except BaseException as failure:  # told by the test
            self.failure = failure

    def connected(self):
        pass

    def finished(self):
        return self.stopping.is_set()


class Sender(Worker):
    """Keeps a window of messages under way; one whose answer was lost is sent again with its id."""

    def __init__(self, device, conversation, recipient):
        super().__init__(device)
        self.conversation, self.recipient = conversation, recipient
        self.accepted, self.again, self.flying, self.made = {}, [], {}, 0

    def connected(self):
        self.again = list(self.flying.values()) + self.again
        self.flying = {}

    def turn(self):
        while len(self.flying) < WINDOW and (self.again or not self.stopping.is_set()):
            if not self.again:
                self.made += 1
                self.again.append((uuid7(), b"message %d" % self.made))
            identity, content = self.again[0]
            request = self.device.post(42, self.device.message(self.conversation, [self.recipient], content, identity))
            self.flying[request] = self.again.pop(0)
        request = next(iter(self.flying))
        try:
            answer = self.device.result(request)[1]
        except Refused:
            self.again.append(self.flying.pop(request))
            raise
        identity, content = self.flying.pop(request)
        seq = first(decode(answer[1][0]), 1)
        if identity in self.accepted and self.accepted[identity][0] != seq:
            raise AssertionError("the same message was accepted under two numbers")
        self.accepted[identity] = (seq, content)

    def finished(self):
        return self.stopping.is_set() and not self.flying and not self.again


class Reader(Worker):
    """Reads its inbox by cursor and acknowledges; a message is shown when its position is first seen."""

    def __init__(self, device):
        super().__init__(device)
        self.shown, self.cursor, self.wanted = [], 0, None

    def turn(self):
        entries, _ = self.device.inbox(self.cursor)
        for entry in entries:
            if first(entry, 1) != self.cursor + 1:
                raise AssertionError(f"position {first(entry, 1)} follows {self.cursor}")
            self.cursor += 1
            self.shown.append((first(entry, 3), first(entry, 4), first(entry, 9)))
        if entries:
            self.device.call(ACKNOWLEDGE_INBOX, {1: self.cursor})
        else:
            time.sleep(0.02)
        self.device.events.clear()

    def finished(self):
        return self.stopping.is_set() and len(self.shown) >= self.wanted


class Owner(Worker):
    """Keeps one-time prekeys in stock. An upload whose answer was lost may or may not have been stored: its ids are left."""

    def turn(self):
        if first(self.device.call(22), 1, 0) < 60:
            self.device.add_prekeys(40)
        time.sleep(0.02)


class Taker(Worker):
    def __init__(self, device, owner):
        super().__init__(device)
        self.owner, self.taken = owner, []

    def turn(self):
        answer = self.device.call(FETCH_BUNDLES, {1: self.owner})
        bundle = decode(answer[2][0])
        if 5 in bundle:
            prekey = decode(bundle[5][0])
            self.taken.append((first(prekey, 1), first(prekey, 2)))


class Kill(unittest.TestCase):
    database, kills = None, KILLS

    def setUp(self):
        print(f"seed {SEED}, {self.kills} kills")
        self.server = Server(database=self.database, settings={
            "limits.messages_per_connection": "off", "limits.requests_per_connection": "off",
            "limits.prekey_fetch_per_connection": "off", "limits.prekey_fetch_per_user": "off",
            "limits.prekey_fetch_per_target": "off", "log.level": "warn"})
        self.addCleanup(self.server.close)
        self.server.start()
        device = lambda name: Device(self.server, name, PASSWORD).ready()
        self.senders, self.readers = [], []
        for number in range(PAIRS):
            writer, reader = device(f"writer{number}"), device(f"reader{number}")
            conversation = writer.open_direct(reader.user_id)
            self.senders.append(Sender(writer, conversation, reader.device_id))
            self.readers.append(Reader(reader))
        owner = device("owner")
        self.takers = [Taker(device(f"taker{number}"), owner.user_id) for number in range(2)]
        self.workers = [*self.senders, *self.readers, *self.takers, Owner(owner)]
        for worker in self.workers:
            worker.device.http_timeout = 5
            self.addCleanup(worker.device.close)

    def check_workers(self):
        for worker in self.workers:
            if worker.failure:
                raise AssertionError(f"{type(worker).__name__} failed: {worker.failure!r}\n"
                                     f"{self.server.log_text()[-3000:]}") from worker.failure

    def join(self, workers, timeout=60):
        deadline = time.monotonic() + timeout
        for worker in workers:
            worker.join(max(0.1, deadline - time.monotonic()))
            self.check_workers()
            self.assertFalse(worker.is_alive(), f"{type(worker).__name__} did not come to its end")

    def log_of(self, sender):
        entries, after = [], 0
        while True:
            answer = sender.device.call(FETCH_LOG, {1: sender.conversation, 2: after or None})
            page = [decode(entry) for entry in answer.get(1, [])]
            if not page:
                return entries, first(answer, 2, 0)
            entries += [(first(entry, 1), first(entry, 2)) for entry in page]
            after = entries[-1][0]

    def test_nothing_acknowledged_is_lost_and_nothing_comes_twice(self):
        source = random.Random(SEED)
        for worker in self.workers:
            worker.start()
        started, productive, seen = time.monotonic(), 0, 0
        for _ in range(self.kills):
            time.sleep(source.uniform(0.02, 0.5))
            self.check_workers()
            now = sum(len(sender.accepted) for sender in self.senders)
            productive += now > seen
            seen = now
            self.server.kill()
            self.server.start()
        time.sleep(0.5)
        for worker in [*self.senders, *self.takers, self.workers[-1]]:
            worker.stopping.set()
        self.join([*self.senders, *self.takers, self.workers[-1]])
        for sender, reader in zip(self.senders, self.readers):
            reader.wanted = len(sender.accepted)
            reader.stopping.set()
        self.join(self.readers)
        total = sum(len(sender.accepted) for sender in self.senders)
        taken = [one for taker in self.takers for one in taker.taken]
        print(f"{total} messages accepted, {len(taken)} prekeys taken, {productive} of {self.kills} kills amid progress, "
              f"{time.monotonic() - started:.0f} s")
        self.assertGreater(productive, self.kills // 3, "the load was not under way when the server was killed")
        for sender, reader in zip(self.senders, self.readers):
            self.check_conversation(sender, reader)
        for part in (0, 1):
            twice = [one for one, count in collections.Counter(key[part] for key in taken).items() if count > 1]
            self.assertEqual(twice, [], "one-time prekeys were handed out twice")
        self.assertGreater(len(taken), self.kills, "the load took hardly any prekeys")
        self.assertEqual(self.server.stop(), 0)
        self.assertIn("every row is as it was written", self.server.admin("audit", "verify").stdout)

    def check_conversation(self, sender, reader):
        log, head = self.log_of(sender)
        self.assertEqual([seq for seq, _ in log], list(range(1, head + 1)), "the log has gaps")
        stored = {identity: seq for seq, identity in log}
        acknowledged = {identity: seq for identity, (seq, _) in sender.accepted.items()}
        different = sorted((identity.hex(), stored.get(identity), acknowledged.get(identity))
                           for identity in stored.keys() | acknowledged.keys()
                           if stored.get(identity) != acknowledged.get(identity))
        self.assertEqual(different, [], "what was acknowledged is not what is stored")
        self.assertEqual([(seq, identity) for seq, identity, _ in reader.shown], log, "not shown once and in order")
        for _, identity, content in reader.shown:
            self.assertEqual(content, sender.accepted[identity][1])


class KillOnPostgreSQL(Kill):
    kills = KILLS // 3

    def setUp(self):
        cluster = PostgreSQL()
        self.addCleanup(cluster.close)
        self.database = cluster.start().url
        super().setUp()


if __name__ == "__main__":
    unittest.main()
