"""Receipts of a large channel: people report to the server, which tells counts and no names, to whoever asks. The real server and
client; the crowd is the load tool's."""
import pathlib
import sqlite3
import subprocess
import time
import unittest

from harness import ServerCase, clean_environment
from programs import program

SERVER_UNDER_LOAD = pathlib.Path(__file__).parents[2] / "apps" / "unhidra-bench" / "server.toml"
CROWD = 54


class Receipts(ServerCase):
    server_options = ("--config", str(SERVER_UNDER_LOAD))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = cls.server.set_up("root")

    def eventually(self, what, look, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            found = look()
            if found:
                return found
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.5)

    def rows(self):
        database = next(path for path in self.server.data.rglob("*.db"))
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            return connection.execute("SELECT COUNT(*) FROM receipts").fetchone()[0]

    def readers(self, cli, place):
        run = cli.run("--json", "readers", place, "mine")
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout, (cli.json("readers", place, "mine") or [None])[-1]

    def audit(self, event):
        _, _, page = self.server.request("GET", f"/v1/audit?event_type={event}&limit=200", None, self.root["access_token"])
        return page["items"]

    def test_many_readers_are_counted_and_nobody_is_named(self):
        anna, ben, root = self.cli("anna"), self.cli("ben"), self.cli("root")
        anna.register("anna")
        ben.register("ben")
        root.login("root")
        crowd = subprocess.Popen(
            [str(program("unhidra-bench")), "channel", "--server", self.server.url, "--ca", str(self.server.ca), "--members", str(CROWD),
             "--clients", "1", "--processes", "1", "--duration", "300", "--messages-per-second", "0", "--receipts"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment())
        try:
            self.look_at_receipts(anna, ben, root)
        finally:
            crowd.kill()
            crowd.wait()

    def look_at_receipts(self, anna, ben, root):
        channel = self.eventually("the crowd's channel", lambda: next(
            (one for one in anna.json("channel", "list") if one.get("name", "").startswith("load ") and one.get("members", CROWD) >= CROWD), None))
        name = channel["name"]
        place = "#" + name
        for cli in (anna, ben):
            cli.ok("channel", "join", name)
        anna.ok("send", place, "how many of you read this?")
        ben.ok("listen", "--once", "--timeout", "30")

        def seen():
            found = self.readers(anna, place)[1]
            return found if found and found.get("read_by", 0) >= CROWD - 10 else None
        count = self.eventually("the crowd to report", seen)
        self.assertEqual(set(count), {"type", "message_id", "delivered_to", "read_by", "of"}, "counts alone")
        self.assertLessEqual(count["read_by"], count["delivered_to"])
        self.assertLessEqual(count["delivered_to"], count["of"])
        self.assertNotIn("ben", self.readers(anna, place)[0])
        self.assertEqual(self.audit("receipts.reported"), [], "no log of who read what when")

        # Who does not want it is in neither number; it is taken back.
        before = self.rows()
        self.assertGreaterEqual(before, CROWD - 10)
        ben.ok("receipts", "off")
        ben.ok("listen", "--once", "--timeout", "30")
        self.eventually("what Ben has reported to be taken back", lambda: len(self.audit("receipts.withdrawn")) == 1)
        anna.ok("send", place, "and this?")
        ben.ok("listen", "--once", "--timeout", "30")
        with_ben = sqlite3.connect(f"file:{next(self.server.data.rglob('*.db'))}?mode=ro", uri=True)
        self.assertEqual(with_ben.execute("SELECT COUNT(*) FROM receipts r JOIN users u ON u.user_id = r.user_id WHERE u.username = 'ben'")
                         .fetchone()[0], 0)
        with_ben.close()

        # The organisation decides for all: what there was is deleted.
        root.ok("policy", "--receipts", "off")
        self.assertEqual(self.rows(), 0)
        self.assertEqual(anna.json("readers", place, "mine"), [])
        time.sleep(6)  # the crowd goes on reporting
        self.assertEqual(self.rows(), 0)


if __name__ == "__main__":
    unittest.main()
