"""A hub: commands typed in a conversation, sentences, questions before a door is opened, rules; the server sees nothing."""
import os
import unittest

from group_members import HUB, TELEMETRY
from harness import wait_until
from hubs import HubCase

GUEST_MAY_NOT = 'not input.user.name == "guest"'


class Hub(HubCase):
    people = ("ann", "guest")

    def house(self, **bridge):
        """A group of devices, a conversation bridged to it, and the hub at work."""
        self.group_name = self.group()
        self.light_one = self.light(self.group_name)
        self.lock_one = self.light(self.group_name, locked=True)
        self.sensor = self.light(self.group_name)
        hub, self.keys = self.hub(self.group_name)
        wait_until(lambda: len(self.light_one.joined) == 4, what="the last epoch")
        devices = [{"device": self.light_one.member.id, "names": ["kitchen light", "K\u00fcchenlicht"], "type": "light"},
                   {"device": self.lock_one.member.id, "names": ["front door"], "type": "lock"},
                   {"device": self.sensor.member.id, "names": ["sensor"]}]
        dark = {"name": "dark", "when": {"device": "sensor", "kind": "telemetry"}, "if": "input.value < 10",
                "do": {"device": "kitchen light", "command": "on"}, "quiet": 1}
        self.at_work(hub, self.group_name, devices, [dark], understand=True, allow=GUEST_MAY_NOT, **bridge)

    def test_the_house_obeys_whom_it_should(self):
        self.house()
        light, lock = self.light_one, self.lock_one
        self.say(self.ann, "/device kitchen light on")
        self.said("kitchen light: done on")
        self.assertEqual(light.obeyed, [(self.keys["device_id"], HUB, "on")])
        self.ann.run("listen", "--timeout", "3")
        heard = self.ann.json("history", f"#{self.room}")
        self.assertIn("kitchen light: done on", [one["text"] for one in heard if one["type"] == "message"])
        self.say(self.ann, "Schalte bitte das K\u00fcchenlicht aus")
        self.said("kitchen light: done off")
        self.say(self.guest, "/device kitchen light on")
        self.said("kitchen light: you may not do that")
        self.say(self.ann, "nice weather today")
        self.say(self.ann, "unlock the front door")
        self.said("front door: unlock? Say yes")
        self.say(self.guest, "yes")
        self.say(self.ann, "yes")
        self.said("front door: done unlock")
        self.assertEqual([one[2] for one in lock.obeyed], ["unlock"])
        self.assertEqual([one[2] for one in light.obeyed], ["on", "off"])
        light.deaf = True
        self.say(self.ann, "/device kitchen light on")
        self.said("no answer in time")
        light.deaf = False
        self.sensor.say("telemetry", TELEMETRY, "50")
        self.sensor.say("telemetry", TELEMETRY, "5")
        self.said("kitchen light (rule dark): done on")
        # New keys while it runs: it takes them and goes on.
        self.device_json(self.admin, "group", "rotate", self.group_name)
        wait_until(lambda: len(light.joined) == 5, what="the next epoch")
        self.say(self.ann, "kitchen light off")
        wait_until(lambda: [one[2] for one in light.obeyed][-1] == "off", what="a command in the new epoch")
        secret = "set " + os.urandom(8).hex()
        self.say(self.ann, f"/device kitchen light {secret}")
        self.said(f"kitchen light: done {secret}")
        self.stop_hub()
        self.server.kill()
        self.assert_not_stored(secret.split()[1])

    def test_a_hub_that_leads_its_group_makes_new_keys_when_they_are_due(self):
        group = self.group()
        light = self.light(group)
        shown = self.device_json(self.admin, "group", "rotate", group, "--every", "0.002")
        self.assertIsNotNone(shown["new_keys_at"])
        self.at_work(self.admin, group, [{"device": light.member.id, "names": ["lamp"], "type": "light"}], understand=True)
        count = len(light.joined)
        wait_until(lambda: len(light.joined) >= count + 2, timeout=40, what=f"two epochs after {light.joined}")
        self.assertEqual({one[0] for one in light.joined}, {"ok"})
        epochs = [int(one[1]) for one in light.joined]
        self.assertEqual(epochs, list(range(epochs[0], epochs[0] + len(epochs))), "each once, by one controller")
        self.say(self.ann, "/device lamp on")
        self.said("lamp: done on")
        self.stop_hub()
        # Not by itself any more; what fell due meanwhile is made up for once, by whichever command comes next.
        self.device_json(self.admin, "group", "rotate", group, "--every", "0")
        count = len(light.joined)
        listed = [one for one in self.admin.json("device", "group", "list") if one["name"] == group]
        self.assertEqual((listed[0]["new_keys_at"], listed[0]["epoch"]), (None, int(light.joined[-1][1])))
        self.assertEqual(len(light.joined), count)


if __name__ == "__main__":
    unittest.main()
