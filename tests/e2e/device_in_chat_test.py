"""A real device under hub and chat: what a person types in a conversation reaches the device program, its answer comes back into
the conversation, and the server reads none of it."""
import http.client
import json
import pathlib
import random
import secrets
import unittest

from device_programs import Client, SETTINGS
from harness import wait_until
from hubs import HubCase


class DeviceInChat(HubCase):
    server_settings = SETTINGS
    people = ("ann",)

    def setUp(self):
        super().setUp()
        group = self.group()
        self.device = Client(self, f"{self.name}-heater", "thermostat", encrypted=True).enrolled()
        self.addCleanup(self.device.close)
        code = self.device.ok("commission", "--owner", self.owner)[-1]["commissioning_code"]
        self.power_up()
        self.device_json(self.admin, "group", "add", group, self.device.id, f"--code={code}", "--allow", "hub:set",
                         "--allow", "hub:mode!")
        hub, _ = self.hub(group)
        self.hub_token = secrets.token_hex(16)
        pathlib.Path(self.path("token")).write_text(self.hub_token + "\n", encoding="ascii")
        self.at_work(hub, group, [{"device": self.device.id, "names": ["heater"], "type": "thermostat"}],
                     options=("--listen", "127.0.0.1:0", "--token-file", self.path("token")), understand=True,
                     allow='not input.command == "mode off"')
        self.port = next(one["port"] for one in self.lines if one["type"] == "hub_listens")
        wait_until(lambda: len(self.device.said("group.joined")) >= 2, what="the epoch with the hub")

    def power_up(self):
        self.device.start("--kind", "thermostat", "--interval", "0.5")
        self.device.wait_for("connected")

    def heard(self, words):
        """Ann's own client, not the hub's word for it."""
        def read():
            self.ann.run("listen", "--once", "--timeout", "20")
            return words in [one.get("text") for one in self.ann.json("history", f"#{self.room}")]
        wait_until(read, what=words)

    def test_a_command_typed_in_chat_is_obeyed_and_answered_there(self):
        target = f"{random.randint(10, 29)}.5"
        # It has no clock that it believes: the first command is asked back, and the answer tells it the time.
        self.say(self.ann, f"/device heater set {target}")
        self.said(f"heater: ok: target {target}")
        self.assertEqual(len(self.device.said("command.challenged")), 1)
        self.heard(f"heater: ok: target {target}")
        self.say(self.ann, "/device heater set 22")
        self.said("heater: ok: target 22.0")
        self.assertEqual(len(self.device.said("command.challenged")), 1)
        # What its owner wants asked back each time is, and all the same done.
        self.say(self.ann, "/device heater mode heat")
        self.said("heater: ok: mode heat")
        self.assertEqual(len(self.device.said("command.challenged")), 2)
        # The device itself decides: its owner allowed the hub no more than that.
        self.say(self.ann, "/device heater on")
        self.said("no answer in time")
        self.assertIn("policy", self.device.wait_for("command.refused")["reason"])
        self.say(self.ann, "/device heater set 99")
        self.said("5 to 30")
        # Members of the group read its twin; the server keeps what it cannot read.
        twin = self.device_json(self.admin, "twin", self.device.id)
        self.assertEqual((twin["reported"]["document"]["target"], twin["reported"]["document"]["mode"]), (22.0, "heat"))
        self.assertNotIn("document", self.rest("GET", f"/v1/iot-devices/{self.device.id}/twin")[2]["reported"])
        self.stop_hub_and_server()
        self.assert_not_stored(f"set {target}", f"target {target}", '"target"', '"humidity"')

    def posted(self, body, token=None, path="/v1/device-commands", method="POST"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        self.addCleanup(connection.close)
        connection.request(method, path, body if isinstance(body, str) else json.dumps(body),
                           {"Authorization": f"Bearer {token or self.hub_token}", "Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def test_a_program_commands_over_http_what_a_person_could(self):
        status, done = self.posted({"device": "heater", "command": "set 18"})
        self.assertEqual((status, done.get("text")), (200, "ok: target 18.0"), done)
        self.assertEqual(len(done["request_id"]), 32)
        self.said("heater: ok: target 18.0")  # people see it too
        for status, body, more in ((401, {"device": "heater", "command": "set 5"}, {"token": "x" * 32}),
                                   (403, {"device": "heater", "command": "mode off"}, {}),
                                   (404, {"device": "stove", "command": "on"}, {}),
                                   (404, {"device": "heater", "command": "set 5"}, {"path": "/v1/other"}),
                                   (405, "", {"method": "GET"}), (400, "{", {}), (400, {"device": "heater"}, {}),
                                   (400, {"device": "heater", "command": "set 5\nset 6"}, {}),
                                   (504, {"device": "heater", "command": "on"}, {})):
            answer = self.posted(body, **more)
            self.assertEqual((answer[0], answer[1]["status"]), (status, status), (body, answer))
        self.assertEqual([one["result"] for one in self.device.said("command.obeyed")], ["ok: target 18.0"])

    def stop_hub_and_server(self):
        self.device.stop()
        self.stop_hub()
        self.server.kill()
        self.addCleanup(self.server.start)  # for the next test

    def test_what_nobody_waits_for_any_more_is_not_obeyed(self):
        self.device.stop()
        self.say(self.ann, "/device heater set 12")
        self.said("no answer in time")
        self.power_up()
        # The broker kept it and brings it now. Without a clock the device asks back, and nobody answers.
        self.device.wait_for("command.challenged")
        self.say(self.ann, "/device heater set 21")
        self.said("heater: ok: target 21.0")
        self.assertEqual([one["result"] for one in self.device.said("command.obeyed")], ["ok: target 21.0"])


if __name__ == "__main__":
    unittest.main()
