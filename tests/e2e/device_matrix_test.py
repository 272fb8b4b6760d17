"""Every operation on devices and policies against every role and the neighbouring organisation, generated from api/openapi.yaml."""
import itertools
import pathlib
import unittest

import yaml

from devices import DeviceCase

CONTRACT = pathlib.Path(__file__).resolve().parents[2] / "api" / "openapi.yaml"
PASSWORD = "correct horse battery staple"
# What each role has of the permissions that the rows name; each role has what the ones before it have.
ROLES = {"guest": set(), "member": set(), "space_admin": {"iot_devices.read"}, "org_admin": {"iot_devices.manage", "policies.read", "policies.manage"},
         "super_admin": set()}
BODIES = {"iot_devices.update": {"type": "light"}, "device_twins.want": {"document": {}},
          "enrolment_requests.approve": {"fingerprint": "00" * 32},
          "policies.add": {"modules": [{"file": "a.rego", "text": "package unhidra.automation\n\nallow := true"}]},
          "policy_shadow.start": {"version": 1}}


def operations():
    with open(CONTRACT, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and operation.get("tags") in (["devices"], ["policies"]) and "x-permission" in operation:
                yield method.upper(), path, operation


class Matrix(DeviceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operations = list(operations())
        cls.of_role = {role: cls.account(role, cls.token, {"role": role}) for role in ROLES if role != "super_admin"}
        cls.of_role["super_admin"] = cls.token
        _, _, made = cls.server.request("POST", "/v1/organizations", {"name": "Second"}, cls.token)
        cls.stranger = cls.register("stranger", made["invitation"]["token"])

    @classmethod
    def register(cls, name, invitation):
        status, _, made = cls.server.request("POST", "/v1/register", {
            "username": name, "password": PASSWORD, "invitation": invitation})
        assert status == 201, made
        return made["access_token"]

    @classmethod
    def account(cls, name, token, body):
        status, _, made = cls.server.request("POST", "/v1/invitations", body, token)
        assert status == 201, made
        return cls.register(name, made["token"])

    def call(self, method, path, operation, device, token):
        body = BODIES.get(operation["operationId"]) if "requestBody" in operation else None
        return self.server.request(method, path.replace("{device_id}", device).replace("{version}", "999"), body, token,
                                   port=self.server.devices_port)

    def events(self, kind):
        _, _, found = self.server.request("GET", f"/v1/audit?event_type={kind}&limit=200", token=self.token)
        return {one["event_id"]: one["outcome"] for one in found["items"]}

    def test_there_are_operations_to_look_at(self):
        self.assertGreaterEqual(len(self.operations), 10)
        self.assertLessEqual({"iot_devices.list", "iot_devices.delete", "device_twins.want", "enrolment_codes.create",
                              "device_certificates.revoke"}, {each[2]["operationId"] for each in self.operations})

    def test_each_role_gets_what_the_contract_says_and_leaves_one_event(self):
        granted = dict(zip(ROLES, itertools.accumulate(ROLES.values(), set.union)))
        for method, path, operation in self.operations:
            kind = operation.get("x-audit-event")
            for role, permissions in granted.items():
                with self.subTest(f"{operation['operationId']} as {role}"):
                    before = self.events(kind) if kind else {}
                    status, _, answer = self.call(method, path, operation, self.device(), self.of_role[role])
                    allowed = operation["x-permission"] in permissions
                    self.assertLess(status, 500, answer)
                    code = (answer or {}).get("code") if isinstance(answer, dict) else None
                    self.assertEqual(code == "access.denied", not allowed, (status, answer))
                    self.assertEqual(status == 403, not allowed, (status, answer))
                    if kind:
                        fresh = [one for key, one in self.events(kind).items() if key not in before]
                        self.assertEqual(len(fresh), 1)
                        self.assertEqual(fresh[0] == "denied", not allowed)

    def test_without_a_token_there_is_nothing(self):
        device = self.device()
        for method, path, operation in self.operations:
            self.assertEqual(self.call(method, path, operation, device, None)[0], 401, operation["operationId"])

    def test_devices_of_another_organisation_do_not_exist(self):
        device, missing = self.device(), "01a00000-0000-7000-8000-000000000000"
        for method, path, operation in self.operations:
            if "{device_id}" not in path:
                continue
            with self.subTest(operation["operationId"]):
                answers = []
                for target in (device, missing):
                    status, _, problem = self.call(method, path, operation, target, self.stranger)
                    problem.pop("request_id")
                    answers.append((status, problem))
                self.assertEqual(answers[0], answers[1])
                self.assertEqual(answers[0][0], 404)
        _, _, listed = self.rest("GET", "/v1/iot-devices?limit=200", token=self.stranger)
        self.assertEqual(listed["items"], [])
        _, _, shown = self.rest("GET", f"/v1/iot-devices/{device}")
        self.assertEqual((shown["name"], shown["type"]), (self.name, ""))


if __name__ == "__main__":
    unittest.main()
