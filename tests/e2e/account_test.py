"""What an account and its devices go through: sessions that end, invitations, new devices, and the interactive chat."""
import contextlib
import json
import os
import pty
import re
import select
import signal
import sqlite3
import subprocess
import threading
import time
import unittest
import uuid

from harness import ServerCase, wait_until


class Lines:
    """The JSON lines of a program that goes on running."""

    def __init__(self, process):
        self.process = process
        self.seen = []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.seen.append(json.loads(line))

    def first(self, kind):
        return next((one for one in self.seen if one["type"] == kind), None)


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, cli, *arguments):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(cli.command(*arguments), stdin=slave, stdout=slave, stderr=slave,
                                        env={**cli.environment(), "TERM": "xterm", "COLUMNS": "80"},
                                        start_new_session=True)
        os.close(slave)
        self.text = ""

    def expect(self, pattern, timeout=30):
        deadline = time.monotonic() + timeout
        while not re.search(pattern, self.text):
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{pattern!r} was not shown: {self.text!r}")
            if select.select([self.master], [], [], left)[0]:
                try:
                    self.text += os.read(self.master, 65536).decode(errors="replace")
                except OSError:  # the other side is closed
                    if not re.search(pattern, self.text):
                        raise AssertionError(f"{pattern!r} was not shown: {self.text!r}")

    def type(self, keys):
        os.write(self.master, keys.encode())

    def end(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.master)


class Sessions(ServerCase):
    def test_a_device_whose_session_was_ended_comes_back_as_itself(self):
        alice, bob = self.cli("alice"), self.cli("bob")
        alice.register("alina")
        bob.register("boris")
        bob.ok("send", "alina", "before")
        before = alice.json("listen", "--count", "1", "--timeout", "30")
        device = alice.json("status")[-1]["device_id"]
        for session in json.loads(self.server.admin("--json", "sessions", "list", "--user", "alina").stdout):
            self.server.admin("sessions", "revoke", session["session_id"])
        refused = alice.run("listen", "--timeout", "5")
        self.assertEqual(refused.returncode, 3, refused.stderr)
        self.assertIn("log in again", refused.stderr)
        wrong = self.server.root / "wrong"
        wrong.write_text("not the password\n")
        self.assertEqual(alice.run("login", "--username", "alina", "--password-file", str(wrong)).returncode, 3)
        self.assertIn("Logged in again as alina", alice.login("alina"))
        self.assertEqual(alice.json("status")[-1]["device_id"], device)
        bob.ok("send", "alina", "after")
        after = alice.json("listen", "--count", "1", "--timeout", "30")
        texts = [one["text"] for one in before + after if one["type"] == "message"]
        self.assertEqual(texts, ["before", "after"])
        self.assertEqual(len(alice.json("devices")), 1, "no second device")

    def test_a_revoked_device_does_not_come_back(self):
        alice = self.cli("alice")
        alice.register("albert")
        self.server.admin("devices", "revoke", alice.json("status")[-1]["device_id"])
        run = alice.run("login", "--username", "albert", "--password-file", alice.password_file)
        self.assertEqual(run.returncode, 6, run.stdout + run.stderr)

    def test_another_account_does_not_take_the_device(self):
        alice = self.cli("alice")
        alice.register("anton")
        run = alice.run("login", "--username", "someone", "--password-file", alice.password_file)
        self.assertIn("already", run.stderr)


class Invitations(ServerCase):
    server_settings = {"auth.open_sign_up": "false"}

    def test_an_administrator_invites_and_others_may_not(self):
        root = self.cli("root")
        token = re.search(r"uhs_\S+", self.server.summary).group(0)
        root.ok("register", "--invite", token, "--username", "root", "--password-file", root.password_file)
        made = root.json("invite", "--role", "member", "--hours", "1")[-1]
        self.assertEqual((made["type"], made["role"]), ("invitation", "member"))
        guest = self.cli("guest")
        guest.ok("register", "--invite", made["token"], "--username", "gerda", "--password-file", guest.password_file)
        again = self.cli("again").run("register", "--invite", made["token"], "--username", "georg", "--password-file",
                                      guest.password_file)
        self.assertEqual(again.returncode, 3, again.stderr)
        self.assertEqual(guest.run("invite").returncode, 3)


class Devices(ServerCase):
    def test_connected_devices_are_told_of_a_new_one_at_once(self):
        phone = self.cli("phone")
        phone.register("nora")
        listening = phone.start("listen", json_output=True)
        self.addCleanup(listening.kill)
        lines = Lines(listening)
        wait_until(lambda: lines.first("connected") or lines.seen or time.sleep(1) or True, 5)
        laptop = self.cli("laptop")
        laptop.login("nora")
        told = wait_until(lambda: lines.first("device_pending"), 10, "news of the new device")
        self.assertEqual(told["device_id"], laptop.json("status")[-1]["device_id"])

    def test_a_copy_names_the_person_it_went_to(self):
        phone, laptop, other = self.cli("phone"), self.cli("laptop"), self.cli("other")
        phone.register("oskar")
        other.register("petra")
        laptop.login("oskar")
        phone.ok("devices", "approve", laptop.json("status")[-1]["device_id"], "--yes")
        listening = laptop.start("listen", json_output=True)
        self.addCleanup(listening.kill)
        lines = Lines(listening)
        time.sleep(1)
        phone.ok("send", "petra", "hello from the phone")
        copy = wait_until(lambda: lines.first("message"), 15, "the copy")
        self.assertIn("petra", json.dumps(copy))


class Prekeys(ServerCase):
    def database(self, statement, *values):
        """One statement on the running server's database."""
        with contextlib.closing(sqlite3.connect(next(self.server.root.rglob("unhidra.db")), timeout=20)) as connection:
            rows = connection.execute(statement, values).fetchall()
            connection.commit()
            return rows

    def count(self, device):
        return self.database("SELECT COUNT(*) FROM one_time_prekeys WHERE device_id = ?", device)[0][0]

    def test_a_session_opens_with_the_last_resort_prekey_when_nothing_else_is_left(self):
        alice, bob = self.cli("alice"), self.cli("bob")
        alice.register("ulla")
        bob.register("viktor")
        device = uuid.UUID(bob.json("status")[-1]["device_id"]).bytes
        self.database("DELETE FROM one_time_prekeys WHERE device_id = ?", device)
        self.database("UPDATE device_keys SET signed_prekey_created_at = 1 WHERE device_id = ?", device)
        alice.ok("send", "viktor", "with the last resort")
        got = [one for one in bob.json("listen", "--count", "1", "--timeout", "30") if one["type"] == "message"]
        self.assertEqual(got[0]["text"], "with the last resort")
        bob.ok("send", "ulla", "and back")
        self.assertIn("and back", alice.ok("listen", "--count", "1", "--timeout", "30"))

    def test_a_connected_device_fills_up_when_it_is_told_that_its_prekeys_run_low(self):
        alice, bob = self.cli("alice"), self.cli("bob")
        alice.register("wilma")
        bob.register("xaver")
        device = uuid.UUID(bob.json("status")[-1]["device_id"]).bytes
        listening = bob.start("listen", json_output=True)
        self.addCleanup(listening.kill)
        lines = Lines(listening)
        time.sleep(1)  # it has counted its keys and found enough
        self.assertGreaterEqual(self.count(device), 50)
        self.database("DELETE FROM one_time_prekeys WHERE device_id = ?1 AND prekey_id NOT IN "
                      "(SELECT prekey_id FROM one_time_prekeys WHERE device_id = ?1 ORDER BY prekey_id LIMIT 20)", device)
        time.sleep(1)
        self.assertEqual(self.count(device), 20, "nobody has told it yet")
        alice.ok("send", "xaver", "takes one away")
        wait_until(lambda: self.count(device) >= 90, 15, "new prekeys")
        wait_until(lambda: lines.first("message"), 15, "the message")


class Chat(ServerCase):
    def test_two_people_talk_on_terminals(self):
        quirin, rosa = self.cli("quirin"), self.cli("rosa")
        quirin.register("quirin")
        rosa.register("rosa")
        left, right = Terminal(quirin, "chat", "rosa"), Terminal(rosa, "chat", "quirin")
        self.addCleanup(left.end)
        self.addCleanup(right.end)
        left.expect("rosa .*Ctrl-D ends")
        right.expect("quirin .*Ctrl-D ends")
        left.type("hello rpsa\x7f\x7f\x7fosa\r")
        right.expect("quirin.*: hello rosa")
        right.type("gr\u00fc\u00df dich\r")
        left.expect("rosa.*: gr\u00fc\u00df dich")
        left.type("half a line")
        right.type("in between\r")
        left.expect("rosa.*: in between")
        left.expect("> half a line", 5)  # what was being typed is still there
        left.type("\r")
        right.expect("quirin.*: half a line")
        left.type("\x04")
        right.type("\x04")
        self.assertEqual((left.process.wait(20), right.process.wait(20)), (0, 0))
        history = [one["text"] for one in quirin.json("history", "rosa") if one["type"] == "message"]
        self.assertEqual(history, ["hello rosa", "gr\u00fc\u00df dich", "in between", "half a line"])

    def test_people_talk_in_a_group_on_terminals(self):
        ulla, vera, wilm = (self.cli(name) for name in ("ulla", "vera", "wilm"))
        for cli, name in ((ulla, "ulla"), (vera, "vera"), (wilm, "wilm")):
            cli.register(name)
        ulla.ok("group", "create", "crew", "vera")
        vera.ok("listen", "--once", "--timeout", "30")
        self.assertEqual(vera.run("chat", "#nowhere").returncode, 6)
        left, right = Terminal(ulla, "chat", "#crew"), Terminal(vera, "chat", "#crew")
        self.addCleanup(left.end)
        self.addCleanup(right.end)
        left.expect("#crew \\(2 members\\); Ctrl-D ends")
        right.expect("#crew \\(2 members\\); Ctrl-D ends")
        left.type("hello crew\r")
        right.expect("ulla.*: hello crew")
        wilm.ok("send", "vera", "not for the crew")
        right.type("hello ulla\r")
        left.expect("vera.*: hello ulla")
        right.type("\x04")
        self.assertEqual(right.process.wait(20), 0)
        self.assertNotIn("not for the crew", right.text)
        history = [one["text"] for one in vera.json("history", "#crew") if one["type"] == "message"]
        self.assertEqual(history, ["hello crew", "hello ulla"])

    def test_it_goes_on_after_the_server_was_away(self):
        sven, tina = self.cli("sven"), self.cli("tina")
        sven.register("sven")
        tina.register("tina")
        left, right = Terminal(sven, "chat", "tina"), Terminal(tina, "chat", "sven")
        self.addCleanup(left.end)
        self.addCleanup(right.end)
        left.expect("Ctrl-D ends")
        right.expect("Ctrl-D ends")
        self.server.stop()
        left.expect("connection lost")
        left.type("while you were away\r")
        self.server.start()
        right.expect("sven.*: while you were away", 60)


if __name__ == "__main__":
    unittest.main()
