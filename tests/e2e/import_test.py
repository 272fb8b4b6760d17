"""A Slack export, brought in by an administrator's client: channels, threads, reactions, files, people."""
import json
import unittest
import zipfile

from harness import ServerCase
from scanners import Scanner

USERS = [
    {"id": "U1", "name": "root", "profile": {"display_name": "Rosa", "real_name": "Rosa Root", "email": "rosa@example.org"}},
    {"id": "U2", "name": "ben", "profile": {"display_name": "", "real_name": "Ben Bär", "email": "ben@example.org"}},
    {"id": "U3", "name": "carla", "profile": {"display_name": "Carla \"C\"", "email": "carla@example.org"}},
    {"id": "U4", "name": "gone", "deleted": True, "profile": {"display_name": "Gone"}},
    {"id": "U5", "name": "builder", "is_bot": True, "profile": {"display_name": "Builder"}},
]
CHANNELS = [
    {"id": "C1", "name": "general", "is_archived": False, "members": ["U1", "U2", "U3"],
     "topic": {"value": "all &amp; everything"}, "purpose": {"value": "for <@U2>"}},
    {"id": "C2", "name": "old-times", "is_archived": True, "members": ["U1"], "topic": {"value": ""},
     "purpose": {"value": ""}},
]
GROUPS = [{"id": "G1", "name": "secret-plans", "members": ["U1", "U2"], "topic": {"value": ""}, "purpose": {"value": ""}}]
LONG = "\n".join(f"line {number} of a long report that nobody reads" for number in range(700))
GENERAL = {
    "general/2020-01-01.json": [
        {"type": "message", "subtype": "channel_join", "user": "U1", "text": "<@U1> has joined", "ts": "1577880000.000100"},
        {"type": "message", "user": "U2", "text": "Happy *new* year, <@U3>! &lt;3 :tada:", "ts": "1577880001.000200",
         "thread_ts": "1577880001.000200",
         "reactions": [{"name": "heart", "users": ["U1", "U3"], "count": 2}, {"name": "partyparrot", "users": ["U4"], "count": 1}]},
        {"type": "message", "subtype": "bot_message", "username": "CI", "text": "", "ts": "1577880003.000000",
         "attachments": [{"fallback": "build <https://ci.example.org/1|#1> failed"}]},
    ],
    "general/2020-01-02.json": [
        {"type": "message", "user": "U3", "text": "And to you", "ts": "1577966402.000300", "thread_ts": "1577880001.000200"},
        {"type": "message", "user": "U9", "text": "who am I", "ts": "1577966403.000000"},
        {"type": "message", "user": "U2", "text": "the plan", "ts": "1577966404.000000", "files": [
            {"id": "F1", "name": "plan.txt", "mimetype": "text/plain"}, {"id": "F2", "name": "lost.png", "mimetype": "image/png"}]},
        {"type": "message", "user": "U2", "text": LONG, "ts": "1577966405.000000"},
        {"no": "message"}, "neither", {"type": "message", "user": "U2", "text": "no time", "ts": "yesterday"},
    ],
    "general/canvas_in_the_conversation.json": [],
    "old-times/2012-05-05.json": [{"type": "message", "user": "U4", "text": "so long ago", "ts": "1336176000.000001"}],
    "secret-plans/2020-01-03.json": [{"type": "message", "user": "U1", "text": "the plan nobody may find", "ts": "1578009600.1"}],
}
PLAN = b"the content of the plan nobody may find\n" * 5000


def messages(entries):
    return [entry for entry in entries if entry.get("type") == "message"]


class SlackImport(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.set_up("root")

    def export(self, **changed):
        path = self.server.root / f"{self._testMethodName}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr("users.json", json.dumps(USERS))
            out.writestr("channels.json", json.dumps(changed.get("channels", CHANNELS)))
            out.writestr("groups.json", json.dumps(changed.get("groups", GROUPS)))
            for name, days in GENERAL.items():
                out.writestr(name, json.dumps(days))
            out.writestr("__uploads/F1/plan.txt", PLAN)
            out.writestr("../../etc/evil.json", "[]")
        return path

    def test_a_whole_export(self):
        path = self.export()
        root, ben = self.cli("root"), self.cli("ben")
        root.login("root")
        ben.register("ben")

        plan = {one["channel"]: one for one in root.json("import", "slack", str(path), "--dry-run")}
        self.assertEqual(set(plan), {"general", "old-times", "secret-plans"})
        self.assertEqual((plan["general"]["messages"], plan["general"]["replies"], plan["general"]["files"],
                          plan["general"]["missing_files"]), (6, 1, 1, 1))
        self.assertEqual(root.json("channel", "list"), [])

        invitations = self.server.root / "invitations.csv"
        done = root.json("import", "slack", str(path), "--bring-in", "--invitations", str(invitations))
        self.assertEqual({one["channel"]: one["sent"] for one in done if one["type"] == "imported"},
                         {"general": 6, "old-times": 1, "secret-plans": 1})
        lines = invitations.read_text().splitlines()
        self.assertEqual(len(lines), 2, lines)
        self.assertIn('"Carla ""C""","carla@example.org","uhi_', lines[1])
        self.assertEqual(invitations.stat().st_mode & 0o077, 0)
        refused = root.run("import", "slack", str(path), "--invitations", str(invitations))
        self.assertNotEqual(refused.returncode, 0)  # before anybody is invited once more
        self.assertEqual(invitations.read_text().splitlines(), lines)

        # Ben was in it there, so he is in it here, and reads it all as it was.
        ben.json("listen", "--timeout", "8")
        seen = messages(ben.json("history", "#general", "--limit", "0"))
        texts = [one["text"] for one in seen]
        self.assertEqual(texts[0], "Happy **new** year, @Carla \"C\"! <3 🎉")
        self.assertEqual(texts[1], "build [#1](https://ci.example.org/1) failed")
        self.assertEqual("\n".join(texts[5:]), LONG)
        self.assertGreater(len(texts), 6)
        first = seen[0]
        self.assertEqual(first["from"], "root")
        self.assertEqual(first["imported"], {"system": "Slack", "author": "Ben Bär", "written_at": "2020-01-01T12:00:01.000200Z",
                                             "reactions": {"❤️": ["Rosa", "Carla \"C\""], ":partyparrot:": ["Gone"]}})
        self.assertEqual([one["imported"]["author"] for one in seen[1:5]], ["CI", "Carla \"C\"", "Somebody", "Ben Bär"])
        self.assertEqual(seen[2]["thread_root"], first["message_id"])
        self.assertEqual(first["thread"]["replies"], 1)
        self.assertEqual(seen[4]["text"], "the plan\n[lost.png: not in the export]")
        self.assertEqual([one["name"] for one in seen[4]["files"]], ["plan.txt"])
        saved = self.server.root / "saved.txt"
        ben.ok("save", "#general", seen[4]["message_id"], "--output", str(saved))
        self.assertEqual(saved.read_bytes(), PLAN)
        shown = ben.ok("history", "#general", "--limit", "0")
        self.assertIn("root for Ben Bär (Slack, 2020-01-01 ", shown)

        channels = {one["name"]: one for one in root.json("channel", "list")}
        self.assertTrue(channels["general"]["public"])
        self.assertFalse(channels["secret-plans"]["public"])
        self.assertTrue(channels["old-times"]["archived"])
        self.assertEqual(root.json("channel", "show", "general")[-1]["topic"], "all & everything")

        # Once more: nothing is sent twice.
        again = root.json("import", "slack", str(path), "--bring-in")
        self.assertEqual({one["channel"]: one["sent"] for one in again if one["type"] == "imported"},
                         {"general": 0, "old-times": 0, "secret-plans": 0})
        self.assertEqual(len(messages(ben.json("history", "#general", "--limit", "0"))), len(seen))

        # The server has none of it, the name of the private channel included.
        self.assertStoredNowhere(["happy", "nobody may find", "all & everything", "ben bär", "partyparrot", "plan.txt",
                                  "secret-plans"], "root")

    def test_it_goes_on_where_it_broke_off(self):
        days = {f"many/2021-01-{day + 1:02}.json":
                [{"type": "message", "user": "U2", "text": f"message {day * 100 + number}", "ts": f"{1609459200 + day * 86400 + number}.0"}
                 for number in range(100)] for day in range(3)}
        path = self.server.root / "many"
        path.mkdir()
        (path / "many").mkdir()
        (path / "users.json").write_text(json.dumps(USERS))
        (path / "channels.json").write_text(json.dumps([{"id": "C7", "name": "many", "members": []}]))
        for name, day in days.items():
            (path / name).write_text(json.dumps(day))
        cli = self.cli("dora")
        cli.register("dora")
        process = cli.start("import", "slack", str(path), json_output=True)
        for line in process.stdout:
            if json.loads(line).get("type") == "progress":
                break
        process.kill()
        process.wait()
        process.stdout.close()
        done = [one for one in cli.json("import", "slack", str(path)) if one["type"] == "imported"]
        self.assertEqual(done[0]["messages"], 300)
        self.assertLess(done[0]["sent"], 300)
        self.assertEqual([one["text"] for one in messages(cli.json("history", "#many", "--limit", "0"))],
                         [f"message {number}" for number in range(300)])

    def test_what_a_scanner_finds_something_in_is_left_out_and_named(self):
        folder = self.server.root / "infected"
        (folder / "bad").mkdir(parents=True)
        (folder / "__uploads" / "F1").mkdir(parents=True)
        (folder / "__uploads" / "F1" / "a.txt").write_text("EVIL")
        (folder / "channels.json").write_text('[{"id": "C8", "name": "bad"}]')
        (folder / "bad" / "2021-01-01.json").write_text(json.dumps([
            {"user": "U2", "text": "look", "ts": "1609459200.0", "files": [{"id": "F1", "name": "a.txt"}]},
            {"user": "U2", "text": "after", "ts": "1609459201.0"}]))
        scanner = Scanner()
        self.addCleanup(scanner.close)
        cli = self.cli("emil")
        cli.register("emil")
        uploads = cli.profile / "uploads"
        uploads.mkdir(exist_ok=True)
        (uploads / "import.part").write_text("what a killed run has left")
        cli.ok("import", "slack", str(folder), "--clamd", scanner.address)
        self.assertEqual([one["text"] for one in messages(cli.json("history", "#bad"))],
                         ["look\n[a.txt: left out, a virus scanner found something in it]", "after"])
        self.assertEqual(list(uploads.iterdir()), [])

    def test_what_is_no_export_is_refused(self):
        cli = self.cli("nobody")
        nothing = self.server.root / "nothing.zip"
        nothing.write_bytes(b"PK\x03\x04 and no more")
        empty = self.server.root / "empty"
        empty.mkdir()
        broken = self.server.root / "broken"
        broken.mkdir()
        (broken / "channels.json").write_text('[{"id": "C1", ')
        for path, code, said in ((nothing, 1, "cannot be read"), (empty, 1, "no Slack export"), (broken, 1, "no list in JSON"),
                                 (self.server.root / "missing.zip", 6, "there is no")):
            run = cli.run("import", "slack", str(path), "--dry-run")
            self.assertEqual(run.returncode, code, f"{path}\n{run.stdout}{run.stderr}")
            self.assertIn(said, run.stderr)
        run = cli.run("import", "slack", str(self.export()), "--dry-run", "--only", "elsewhere")
        self.assertEqual(run.returncode, 6)
        self.assertIn("elsewhere", run.stderr)


if __name__ == "__main__":
    unittest.main()
