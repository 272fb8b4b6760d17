"""Whoever has lost all devices comes back: as the same person with the recovery code, as another identity without it."""
import json
import unittest

from harness import ServerCase


class Recovery(ServerCase):
    server_settings = {"limits.login_per_account": "off"}

    def met(self, name):
        """Somebody with one device, in a conversation and a group with another one, and that device lost."""
        old, other, new = self.cli(f"{name}-old"), self.cli(f"{name}-other"), self.cli(f"{name}-new")
        old.register(name)
        other.register(f"{name}-friend")
        old.ok("send", other.username, "hello")
        old.ok("group", "create", f"{name}-group", other.username)
        other.ok("listen", "--once", "--timeout", "30")
        other.ok("verify", name, "--mark-verified")
        return old, other, new

    def state(self, cli):
        return cli.json("status")[-1]["membership"]

    def with_code(self, code):
        path = self.server.root / "recovery-code"
        path.write_text(code + "\n")
        return str(path)

    def test_the_code_makes_a_new_device_one_of_the_account(self):
        old, other, new = self.met("ida")
        code = old.json("devices", "recovery-code")[-1]["code"]
        self.assertRegex(code, r"^([0-9A-HJKMNP-TV-Z]{4}-){13}[0-9A-HJKMNP-TV-Z]{4}$")
        self.assertIn(code, old.ok("devices", "recovery-code"))
        new.login("ida")
        self.assertEqual(self.state(new), "pending")
        self.assertEqual(new.run("devices", "recovery-code").returncode, 3)
        foreign = other.json("devices", "recovery-code")[-1]["code"]
        for wrong, said in ((foreign, "of another account"), (code[:-4], "some character is missing or wrong"), ("", "")):
            done = new.run("devices", "recover", "--code-file", self.with_code(wrong))
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(said, done.stderr)
        self.assertEqual(self.state(new), "pending")
        done = new.json("devices", "recover", "--code-file", self.with_code(code.lower().replace("-", " ")))[-1]
        self.assertEqual((done["type"], done["other_devices"]), ("recovered", 1))
        self.assertEqual(self.state(new), "approved")
        lost = next(one["device_id"] for one in new.json("devices") if not one["this_device"])
        new.ok("devices", "revoke", "--yes", lost)
        other.ok("listen", "--once", "--timeout", "10")  # takes the new device into the group
        other.ok("send", "ida", "are you back?")
        other.ok("send", "#ida-group", "is she back?")
        texts = [line.get("text") for line in new.json("listen", "--count", "2", "--timeout", "30") if line["type"] == "message"]
        self.assertEqual(sorted(texts), ["are you back?", "is she back?"])
        self.assertEqual(other.json("verify", "ida")[-1]["trust"], "verified", "the same account key")
        for path in self.server.data.rglob("*"):
            if path.is_file():
                self.assertNotIn(code[:19].encode(), path.read_bytes(), path)

    def test_without_it_there_are_new_keys_which_the_others_must_accept(self):
        old, other, new = self.met("jon")
        code = old.json("devices", "recovery-code")[-1]["code"]
        self.assertEqual(old.run("devices", "begin-anew", "--yes").returncode, 1)
        new.login("jon")
        self.assertEqual(new.run("devices", "begin-anew").returncode, 2, "it asks first")
        self.assertEqual(self.state(new), "pending")
        new.ok("devices", "begin-anew", "--yes")
        self.assertEqual(self.state(new), "approved")
        self.assertNotEqual(new.json("devices", "recovery-code")[-1]["code"], code)
        self.assertEqual(old.run("send", other.username, "from a device that has ended").returncode, 3)
        other.ok("listen", "--once", "--timeout", "10")
        self.assertEqual(other.run("send", "jon", "is that you?").returncode, 5, "nothing goes to a changed identity")
        other.ok("verify", "jon", "--accept")
        other.ok("send", "jon", "is that you?")
        texts = [line.get("text") for line in new.json("listen", "--count", "1", "--timeout", "30") if line["type"] == "message"]
        self.assertEqual(texts, ["is that you?"])
        other.ok("group", "add", "jon-group", "jon")
        other.ok("send", "#jon-group", "welcome back")
        texts = [line.get("text") for line in new.json("listen", "--count", "1", "--timeout", "30") if line["type"] == "message"]
        self.assertEqual(texts, ["welcome back"], json.dumps(texts))


if __name__ == "__main__":
    unittest.main()
