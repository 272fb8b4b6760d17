"""Commands to devices from the command line, end-to-end encrypted: the client leads a device group, the broker carries."""
import os
import pathlib
import unittest

from controllers import ControllerCase
from group_members import CONTROLLER, HUB
from harness import wait_until


class DeviceCommand(ControllerCase):
    def test_a_command_is_obeyed_and_its_result_shown(self):
        group = self.group()
        light = self.light(group, "kitchen-light")
        done = self.device_json(self.admin, "command", "kitchen-light", "set", "21.5")
        self.assertEqual((done["type"], done["text"]), ("device_result", "done set 21.5"))
        self.assertEqual([one[1:] for one in light.obeyed], [(CONTROLLER, "set 21.5")])
        shown = self.run_device("command", "kitchen-light", "on")
        self.assertEqual((shown.returncode, shown.stdout), (0, "kitchen-light: done on\n"))

    def test_silence_is_no_success(self):
        light = self.light(self.group())
        light.deaf = True
        run = self.run_device("command", light.member.id, "on", "--timeout", "1")
        self.assertEqual(run.returncode, 4)
        self.assertIn("not known", run.stderr)
        light.deaf = False
        self.assertEqual(self.run_device("command", light.member.id, "off").returncode, 0)
        self.assertEqual([one[2] for one in light.obeyed], ["off"])

    def test_a_lock_is_answered_its_challenge(self):
        light = self.light(self.group(), locked=True)
        done = self.device_json(self.admin, "command", light.member.id, "unlock")
        self.assertEqual(done["text"], "done unlock")
        self.assertEqual([one[2] for one in light.obeyed], ["unlock"])

    def test_who_was_taken_out_hears_nothing_more(self):
        group = self.group()
        first, second = self.light(group), self.light(group)
        wait_until(lambda: len(first.joined) == 2, what="the next epoch")
        left = self.device_json(self.admin, "group", "remove", group, first.member.id)
        self.assertNotIn(first.member.id, [one["device_id"] for one in left["members"]])
        run = self.run_device("command", first.member.id, "on")
        self.assertEqual(run.returncode, 6)
        wait_until(lambda: len(second.joined) == 2, what="the next epoch")
        self.assertEqual(self.device_json(self.admin, "command", second.member.id, "on")["text"], "done on")
        same = self.device_json(self.admin, "group", "rotate", group, "--older-than", "24")
        self.assertEqual(self.device_json(self.admin, "group", "rotate", group)["epoch"], same["epoch"] + 1)
        wait_until(lambda: len(second.joined) == 3, what="the next epoch")
        self.assertEqual(self.device_json(self.admin, "command", second.member.id, "off")["text"], "done off")
        self.assertEqual(len(first.joined), 2)

    def test_a_hub_of_the_account_is_a_listed_member(self):
        group = self.group()
        light = self.light(group)
        hub, keys = self.hub(group)
        wait_until(lambda: len(light.joined) == 2, what="the next epoch")
        self.assertEqual(self.device_json(hub, "command", light.member.id, "on")["text"], "done on")
        self.assertEqual(light.obeyed[-1], (keys["device_id"], HUB, "on"))

    def test_what_cannot_be_is_said(self):
        group = self.group()
        light = self.light(group)
        other = self.device()
        for arguments, code, words in (
                (("command", "no-such-device", "on"), 6, "no such device"),
                (("command", other, "on"), 6, "no device group"),
                (("group", "add", group, light.member.id, "--code", light.member.code()), 1, "already"),
                (("group", "add", group, other, "--code", "short"), 1, "86 characters"),
                (("group", "add", "nowhere", other, "--code", light.member.code()), 6, "no device group"),
                (("group", "create", group), 1, "already"),
                (("group", "add", group, other, "--code", light.member.code(), "--role", "king"), 2, "a role is"),
                (("group", "remove", group, other), 6, "not in the group")):
            run = self.run_device(*arguments)
            self.assertEqual(run.returncode, code, (arguments, run.stderr))
            self.assertIn(words, run.stderr)

    def test_z_the_server_has_seen_nothing_in_clear(self):
        secret = "set " + os.urandom(8).hex()
        light = self.light(self.group())
        self.assertEqual(self.device_json(self.admin, "command", light.member.id, secret)["text"], f"done {secret}")
        self.server.kill()
        for file in pathlib.Path(self.server.root).rglob("*"):
            if file.is_file():
                self.assertNotIn(secret.split()[1].encode(), file.read_bytes(), file)


if __name__ == "__main__":
    unittest.main()
