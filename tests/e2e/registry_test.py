"""The device registry and twins: what people see and change, what a device with its certificate says of itself."""
import json
import unittest

from databases import OnPostgreSQL
from devices import DeviceCase


class Registry(DeviceCase):
    def twin(self, shown, body=None):
        """The device's own twin, by its certificate."""
        arguments = [*shown] if body is None else [*shown, "-X", "PUT", "-H", "Content-Type: application/json"]
        status, _, answer = self.curl("/v1/device/twin", *arguments,
                                      data=None if body is None else json.dumps(body).encode())
        return status, json.loads(answer)

    def test_a_device_is_described_found_and_renamed(self):
        device, other = self.device(), self.device()
        change = {"name": "hall thermostat", "type": "thermostat", "groups": ["hall", "ground-floor"],
                  "labels": {"room": self.name}, "owner_id": self.tokens["user_id"]}
        status, _, changed = self.rest("PATCH", f"/v1/iot-devices/{device}", change)
        self.assertEqual(status, 200, changed)
        self.assertEqual({name: changed[name] for name in change}, {**change, "groups": ["ground-floor", "hall"]})
        self.assertEqual(self.rest("GET", f"/v1/iot-devices/{device}")[2], changed)
        for query in ("type=thermostat", "group=hall", f"label=room%3D{self.name}"):
            _, _, listed = self.rest("GET", f"/v1/iot-devices?{query}")
            self.assertEqual([one["device_id"] for one in listed["items"]], [device], query)
        _, _, everything = self.rest("GET", "/v1/iot-devices?limit=200")
        self.assertLessEqual({device, other}, {one["device_id"] for one in everything["items"]})
        self.assertNotIn("api_key", json.dumps(everything))
        for bad in ({"type": "No Word"}, {"owner_id": device}, {"colour": "red"}):
            self.assertEqual(self.rest("PATCH", f"/v1/iot-devices/{device}", bad)[0], 400, bad)
        self.assertEqual(self.rest("GET", "/v1/iot-devices?label=room")[0], 400)
        _, _, events = self.server.request("GET", "/v1/audit?event_type=iot_device.updated&limit=200", token=self.token)
        mine = [one["outcome"] for one in events["items"] if one["resource_id"] == device]
        self.assertEqual(sorted(mine), ["failure", "failure", "failure", "success"])

    def test_the_pages_of_a_list_hold_every_device_once(self):
        made = {self.device() for _ in range(5)}
        seen, cursor = [], ""
        while True:
            _, _, page = self.rest("GET", "/v1/iot-devices?limit=2" + cursor)
            seen += [one["device_id"] for one in page["items"]]
            if "next_cursor" not in page:
                break
            cursor = "&cursor=" + page["next_cursor"]
        self.assertEqual(len(seen), len(set(seen)))
        self.assertLessEqual(made, set(seen))

    def test_an_enrolled_device_shows_its_certificate_and_when_it_was_seen(self):
        device, _, shown = self.enrol()
        _, _, before = self.rest("GET", f"/v1/iot-devices/{device}")
        self.assertNotIn("last_seen_at", before)
        self.assertEqual(self.twin(shown, {"firmware": "1.4.2"})[0], 200)
        _, _, after = self.rest("GET", f"/v1/iot-devices/{device}")
        self.assertEqual(after["firmware"], "1.4.2")
        self.assertIn("last_seen_at", after)
        _, _, certificates = self.rest("GET", f"/v1/iot-devices/{device}/certificates")
        self.assertEqual(after["certificate"]["serial_number"], certificates["items"][0]["serial_number"])
        self.assertEqual(after["certificate"]["not_after"], certificates["items"][0]["not_after"])

    def test_a_twin_is_wanted_by_people_and_reported_by_its_device(self):
        device, _, shown = self.enrol()
        path = f"/v1/iot-devices/{device}/twin"
        status, _, twin = self.rest("PUT", path, {"document": {"target": 21.5}, "if_version": 0})
        self.assertEqual((status, twin["desired"]["version"]), (200, 1), twin)
        status, own = self.twin(shown)
        self.assertEqual((status, own["desired"]["document"]), (200, {"target": 21.5}))
        status, own = self.twin(shown, {"document": {"target": 20}})
        self.assertEqual((status, own["reported"]["version"]), (200, 1))
        _, _, twin = self.rest("GET", path)
        self.assertEqual((twin["desired"]["document"], twin["reported"]["document"]), ({"target": 21.5}, {"target": 20}))
        status, _, problem = self.rest("PUT", path, {"document": {}, "if_version": 0})
        self.assertEqual((status, problem["code"]), (409, "automation.conflict"))
        self.assertEqual(self.curl("/v1/device/twin")[0], 401)

    def test_the_twin_of_an_encrypted_device_is_opaque(self):
        device, _, shown = self.enrol()
        path = f"/v1/iot-devices/{device}/twin"
        self.assertEqual(self.rest("PATCH", f"/v1/iot-devices/{device}", {"encrypted": True})[0], 200)
        self.assertEqual(self.rest("PUT", path, {"document": {"on": True}})[0], 400)
        self.assertEqual(self.rest("PUT", path, {"ciphertext": "AAEC_w"})[0], 200)
        self.assertEqual(self.twin(shown)[1]["desired"]["ciphertext"], "AAEC_w")

    def test_a_deleted_device_is_gone_and_its_certificate_revoked(self):
        device, key, shown = self.enrol()
        self.assertEqual(self.rest("DELETE", f"/v1/iot-devices/{device}/record")[0], 204)
        self.assertEqual(self.twin(shown)[0], 401)
        for method, path in (("GET", ""), ("GET", "/twin"), ("GET", "/certificates"), ("DELETE", "/record"),
                             ("POST", "/enrolment-codes")):
            self.assertEqual(self.rest(method, f"/v1/iot-devices/{device}{path}")[0], 404, (method, path))
        _, _, listed = self.rest("GET", "/v1/iot-devices?limit=200")
        self.assertNotIn(device, [one["device_id"] for one in listed["items"]])
        der = self.request(key, f"/CN={device}", self.uri(device))
        self.assertEqual(self.est("simplereenroll", der, *shown)[0], 401)

    def test_a_member_may_not_look_and_a_space_administrator_may_not_change(self):
        device = self.device()
        tokens = {}
        for role in ("member", "space_admin"):
            _, _, invited = self.server.request("POST", "/v1/invitations", {"role": role}, self.token)
            _, _, made = self.server.request("POST", "/v1/register", {
                "username": role, "password": "correct horse battery staple", "invitation": invited["token"]})
            tokens[role] = made["access_token"]
        reads = [("GET", "/v1/iot-devices", None), ("GET", f"/v1/iot-devices/{device}", None),
                 ("GET", f"/v1/iot-devices/{device}/twin", None)]
        writes = [("PATCH", f"/v1/iot-devices/{device}", {"name": "x"}), ("DELETE", f"/v1/iot-devices/{device}/record", None),
                  ("PUT", f"/v1/iot-devices/{device}/twin", {"document": {}})]
        for method, path, body in reads:
            self.assertEqual(self.rest(method, path, body, tokens["member"])[0], 403, path)
            self.assertEqual(self.rest(method, path, body, tokens["space_admin"])[0], 200, path)
        for method, path, body in writes:
            self.assertEqual(self.rest(method, path, body, tokens["space_admin"])[0], 403, path)


class RegistryOnPostgreSQL(OnPostgreSQL, Registry):
    pass


class Commands(DeviceCase):
    """The same by unhidra-cli device."""

    def setUp(self):
        super().setUp()
        self.admin = self.cli("admin")
        self.admin.login("root")

    def run_device(self, *arguments):
        return self.admin.run("device", "--devices", f"https://127.0.0.1:{self.server.devices_port}", *arguments)

    def iot(self, *arguments):
        """The lines of a command that succeeds, in JSON."""
        return self.admin.json("device", "--devices", f"https://127.0.0.1:{self.server.devices_port}", *arguments)

    def test_a_device_is_added_enrols_with_the_printed_code_and_goes(self):
        [added] = self.iot("add", "porch lamp", "--type", "light", "--group", "porch", "--label", "floor=0")
        self.assertEqual((added["type"], added["name"]), ("enrolment_code", "porch lamp"))
        device = added["device_id"]
        status, _, body = self.est("simpleenroll", self.request(self.key()), "-u", f"{device}:{added['code']}")
        self.assertEqual(status, 200, body)
        [shown] = self.iot("show", "porch lamp")
        self.assertEqual((shown["device_id"], shown["device_type"], shown["groups"], shown["labels"]),
                         (device, "light", ["porch"], {"floor": "0"}))
        self.assertIn("certificate", shown)
        self.iot("rename", device[:30], "garden lamp")
        [labelled] = self.iot("label", "garden lamp", "room=garden", "--remove", "floor")
        self.assertEqual(labelled["labels"], {"room": "garden"})
        self.assertEqual([one["device_id"] for one in self.iot("list", "--label", "room=garden")], [device])
        self.assertEqual(self.iot("list", "--label", "room=hall"), [])
        [twin] = self.iot("twin", "garden lamp", "--set", '{"on": true}')
        self.assertEqual(twin["desired"]["document"], {"on": True})
        text = self.run_device("twin", "garden lamp")
        self.assertIn('Wanted    {"on":true}', text.stdout)
        self.assertEqual(self.run_device("revoke", "garden lamp").returncode, 2, "revoked without --yes")
        self.iot("revoke", "garden lamp", "--yes")
        self.assertIn("revoked", self.run_device("list").stdout)
        self.iot("delete", "garden lamp", "--yes")
        self.assertEqual(self.run_device("show", device).returncode, 6)
        self.assertEqual(self.iot("list"), [])

    def test_the_text_says_what_to_do_next_and_mistakes_are_told(self):
        added = self.run_device("add", "sensor")
        self.assertEqual(added.returncode, 0, added.stderr)
        for part in ("One-time code uhe_", "What to do next", "/.well-known/est/simpleenroll"):
            self.assertIn(part, added.stdout)
        self.iot("add", "sensor")
        for code, *arguments in ((2, "show", "sensor"), (6, "show", "nothing"), (2, "label", "sensor", "nothing"),
                                 (2, "list", "--label", "x"), (1, "add", "x", "--type", "No Word")):
            done = self.run_device(*arguments)
            self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
            self.assertTrue(done.stderr)


if __name__ == "__main__":
    unittest.main()
