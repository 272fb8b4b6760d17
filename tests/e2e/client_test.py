"""What unhidra-cli says, and how it ends, when something is wrong."""
import json
import subprocess
import unittest

from harness import Cli, Server, ServerCase
from programs import program


class Client(ServerCase):
    def refused(self, cli, code, *arguments, **options):
        run = cli.run(*arguments, **options)
        self.assertEqual(run.returncode, code, f"{arguments}\n{run.stdout}{run.stderr}")
        self.assertTrue(run.stderr.startswith("unhidra-cli: ") or code == 2, run.stderr)
        self.assertNotIn("Traceback", run.stderr)
        return run.stderr

    def test_a_wrong_password(self):
        self.cli("right").register("paula")
        other = self.cli("wrong")
        wrong = self.server.root / "wrong-password"
        wrong.write_text("something else entirely\n")
        text = self.refused(other, 3, "login", "--username", "paula", "--password-file", str(wrong))
        unknown = self.refused(self.cli("none"), 3, "login", "--username", "nobody", "--password-file", str(wrong))
        self.assertEqual(text, unknown)

    def test_an_unknown_person(self):
        cli = self.cli("one")
        cli.register("quentin")
        self.assertIn("rosa", self.refused(cli, 6, "send", "rosa", "hello"))

    def test_a_wrong_passphrase(self):
        cli = self.cli("one")
        cli.register("richard")
        cli.passphrase = "not the passphrase"
        self.assertIn("passphrase", self.refused(cli, 3, "status"))

    def test_a_profile_without_a_device(self):
        self.assertIn("register", self.refused(self.cli("fresh"), 3, "send", "anna", "hello"))

    def test_another_authority_is_not_trusted(self):
        other = Server()
        self.addCleanup(other.close)
        other.start()
        cli = self.cli("one")
        run = subprocess.run([str(program("unhidra-cli")), "--profile", str(cli.profile), "--server", self.server.url, "--ca",
                              str(other.ca), "register", "--username", "sara", "--password-file", cli.password_file],
                             capture_output=True, text=True, timeout=60, env=cli.environment())
        self.assertEqual(run.returncode, 5, run.stderr)

    def test_wrong_usage(self):
        self.refused(self.cli("one"), 2, "send")
        self.refused(self.cli("one"), 2, "sned", "anna", "hello")

    def test_json_errors_carry_their_code(self):
        run = self.cli("fresh").run("status", json_output=True)
        self.assertEqual(run.returncode, 3)
        error = json.loads(run.stdout.splitlines()[-1])
        self.assertEqual((error["type"], error["code"], error["exit_code"]), ("error", "cli.not_logged_in", 3))

    def test_a_taken_name(self):
        self.cli("first").register("thea")
        self.refused(self.cli("second"), 1, "register", "--username", "thea", "--password-file",
                     self.cli("second").password_file)

    def test_completion_scripts(self):
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("unhidra-cli", self.cli("one").ok("completion", shell))


class ServerGone(unittest.TestCase):
    def test_the_client_says_so_keeps_the_message_and_sends_it_later(self):
        server = Server()
        self.addCleanup(server.close)
        server.start()
        alice, bob = Cli(server, "alice"), Cli(server, "bob")
        alice.register("alice")
        bob.register("bob")
        alice.ok("send", "bob", "one")
        server.stop()
        run = alice.run("send", "bob", "two", "--timeout", "3")
        self.assertEqual(run.returncode, 4, run.stderr)
        self.assertIn("stored", run.stderr)
        self.assertEqual(bob.run("listen", "--count", "1", "--timeout", "3").returncode, 4)
        server.start()
        alice.ok("send", "bob", "three")
        heard = [one["text"] for one in bob.json("listen", "--count", "3", "--timeout", "20") if "text" in one]
        self.assertEqual(heard, ["one", "two", "three"])


if __name__ == "__main__":
    unittest.main()
