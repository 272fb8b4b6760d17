"""Ids of somebody else in every gateway request that takes one: the answer is the one about an id that nobody has.

The matrix is generated from the protocol: a request that gains an id, or a new request with one, fails here until it is
asked about. What clients make up themselves, and what only stands beside such an id, is listed with its reason.
"""
import pathlib
import re
import unittest
import uuid

from harness import PASSWORD, ServerCase
from protocol import CREATE_SPACE, Device, FETCH_LOG, OPEN_DIRECT, Refused, now_us, uuid7

PROTOCOL = pathlib.Path(__file__).parents[2] / "api/proto/unhidra/v1/gateway.proto"
MADE = "made by the client"
BESIDE = "looked at behind the conversation's id"

# Fields that are no target, and why.
EXEMPT = {
    "SendMessage.message_id": MADE, "SendGroupMessage.message_id": MADE, "CreateSpace.space_id": MADE,
    "CreateGroup.conversation_id": "made by the client; services/chat/tests/group_delivery_test.cpp, CreationIsAnswered...",
    "SendMessage.ciphertexts.device_id": "no recipient: identity_attacks_test",
    "SendMessage.file_ids": "services/chat/tests/message_rules_test.cpp, FilesBelongToTheirMessageAndGoWithIt",
    "SendGroupMessage.file_ids": "services/chat/tests/message_rules_test.cpp, FilesBelongToTheirMessageAndGoWithIt",
    "SendMessage.refers_to.message_id": "services/chat/tests/message_rules_test.cpp, AReferenceIsToAMessage...",
    "SendMessage.refers_to.sender_device_id": "services/chat/tests/message_rules_test.cpp, AReferenceIsToAMessage...",
    "SendGroupMessage.refers_to.message_id": "services/chat/tests/message_rules_test.cpp, AReferenceIsToAMessage...",
    "SendGroupMessage.refers_to.sender_device_id": "services/chat/tests/message_rules_test.cpp, AReferenceIsToAMessage...",
    "FetchMessageVersions.message.message_id": BESIDE, "FetchMessageVersions.message.sender_device_id": BESIDE,
    "ResetGroup.member_user_ids": BESIDE, "RemoveFromChannel.user_id": "services/chat/tests/channels_test.cpp, OtherOrg...",
    "UnbanFromChannel.user_id": "services/chat/tests/channels_test.cpp, OtherOrganisationsSeeNothing",
    "CreateChannel.channel_id": "services/chat/tests/channels_test.cpp, KindAndGroupFitAndNamesAreUnique",
}


class Protocol:
    """What gateway.proto says: the requests and where ids stand in them."""

    def __init__(self, text):
        self.messages = {}
        for name, body in re.findall(r"^message (\w+) \{\n(.*?)^\}", text, re.S | re.M):
            fields = re.findall(r"^ +(repeated )?(\w+) (\w+) = (\d+)", body, re.M)
            self.messages[name] = [(kind, field, int(number)) for _, kind, field, number in fields]
        self.requests = {kind: number for kind, _, number in self.messages["ClientFrame"] if kind in self.messages}

    def ids(self, message, before=""):
        """("Message.path.of_id", numbers that lead there)"""
        for kind, field, number in self.messages[message]:
            path = f"{before or message}.{field}"
            if kind in self.messages:
                yield from ((inner, (number, *rest)) for inner, rest in self.ids(kind, path))
            elif kind == "bytes" and re.search(r"_ids?$", field):
                yield path, (number,)

    def matrix(self):
        for request, number in self.requests.items():
            for path, numbers in self.ids(request):
                yield path, number, numbers


def unnamed(said, target):
    """What was said, with ID where it says the target's id."""
    if isinstance(said, bytes):
        return said.replace(target, b"ID")
    if isinstance(said, (list, tuple)):
        return [unnamed(one, target) for one in said]
    return said


class ForeignFrames(ServerCase):
    server_settings = {f"limits.{name}": "off" for name in (
        "administration_per_user", "administration_per_ip", "prekey_fetch_per_connection", "messages_per_connection")}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        root = cls.server.set_up("root", "First")
        status, _, made = cls.server.request("POST", "/v1/organizations", {"name": "Second"}, root["access_token"])
        assert status == 201, made
        cls.boss = Device(cls.server, "boss", PASSWORD, invitation=made["invitation"]["token"]).ready()
        cls.outsider = Device(cls.server, "outsider", PASSWORD).ready()
        cls.ann, cls.ben = Device(cls.server, "ann", PASSWORD).ready(), Device(cls.server, "ben", PASSWORD).ready()
        for device in (cls.boss, cls.outsider, cls.ann, cls.ben):
            cls.addClassCleanup(device.close)

    def setUp(self):
        """Places that neither asker may know of; the second one may not even know of its organisation's people."""
        administrator = self.cli("root")
        administrator.login("root")
        administrator.ok("space", "create", "Board", "--hidden")
        administrator.ok("channel", "create", "figures", "--public", "--space", "Board")
        administrator.ok("channel", "create", "merger")
        places = {one["name"]: one for one in administrator.json("channel", "list")}
        space = administrator.json("space", "list")[0]["space_id"]
        self.places = {
            "conversation": [self.ann.open_direct(self.ben.user_id), self.id(places["merger"]["channel_id"]),
                             self.id(places["figures"]["channel_id"])],
            "space": [self.id(space)],
        }
        self.people = {"user": [self.ann.user_id], "device": [self.ann.device_id]}
        own = uuid7()
        self.boss.call(CREATE_SPACE, {1: own, 3: "Own"})
        self.boss_space = own
        self.administrator = administrator

    @staticmethod
    def id(text):
        return uuid.UUID(text).bytes

    def target_of(self, path):
        field = path.rsplit(".", 1)[1].removesuffix("s").removesuffix("_id").removeprefix("parent_")
        return {"channel": "conversation", "naming_device": "device"}.get(field, field)

    def body(self, path, numbers, target):
        """A request that is well-formed and names `target` where the path leads."""
        request = path.split(".")[0]
        ref = {1: uuid7(), 2: self.ann.device_id}
        other = {
            "SendMessage": {2: uuid7(), 3: now_us(), 4: [{1: self.ben.device_id, 2: b"x"}]},
            "SendGroupMessage": {3: uuid7(), 4: now_us(), 5: b"x"}, "CommitGroup": {3: b"x", 5: b"x"},
            "ProposeToGroup": {3: [b"x"]}, "FetchRatchetTree": {2: 1}, "ResetGroup": {3: b"x", 4: b"x"},
            "FetchMessageVersions": {2: ref}, "CreateSpace": {1: uuid7(), 3: "inside"},
            "UpdateSpace": {2: "mine"}, "UpdateChannel": {2: "mine"}, "ClaimKeyPackages": {2: 3},
            "CreateChannel": {1: uuid7(), 4: "mine"}, "RemoveFromChannel": {2: self.ben.user_id},
            "UnbanFromChannel": {2: self.ben.user_id}, "SetChannelOverride": {2: 2, 4: 1},
            "FetchPreKeyBundles": {1: self.ann.user_id}, "FetchDeviceLists": {1: self.ann.user_id},
            "SetPlaceRole": {3: self.boss.user_id, 4: 2}, "FetchReceiptCounts": {2: 1},
        }.get(request, {})
        if path == "SetPlaceRole.user_id":
            other = {1: self.boss_space, 4: 2}
        number, *inner = numbers
        for one in reversed(inner):
            target = {one: target}
        return {**other, number: target}

    def outcome(self, device, number, body, target):
        try:
            said = sorted(device.call(number, body).items())
        except Refused as refused:
            said = (refused.status, refused.code, refused.message, refused.retry_after_ms)
        return repr(unnamed(said, target))

    def test_every_id_of_the_protocol(self):
        matrix = list(Protocol(PROTOCOL.read_text()).matrix())
        self.assertGreater(len(matrix), 40)
        self.assertEqual(set(EXEMPT) - {path for path, _, _ in matrix}, set(), "exempt is what does not exist")
        asked, statuses = 0, {}
        for path, number, numbers in matrix:
            if path in EXEMPT:
                continue
            kind = self.target_of(path)
            for device in (self.outsider, self.boss):
                # People of the own organisation are nobody's secret.
                targets = self.places.get(kind) or (self.people[kind] if device is self.boss else [])
                for target in targets:
                    nobody = uuid7()
                    with self.subTest(f"{path} as {device.username}"):
                        theirs = self.outcome(device, number, self.body(path, numbers, target), target)
                        none = self.outcome(device, number, self.body(path, numbers, nobody), nobody)
                        self.assertEqual(theirs, none)
                        self.assertNotIn("rate_limited", theirs)
                        statuses.setdefault(theirs.split(",")[0], []).append(path)
                        asked += 1
        print(asked, "questions;", {status: sorted(set(paths)) for status, paths in statuses.items()})
        self.assertGreater(asked, 80)
        self.assert_the_ids_are_real()

    def assert_the_ids_are_real(self):
        """Who may know of them is answered otherwise: the comparisons above compare something. Nothing has changed."""
        places = {one["name"]: one for one in self.administrator.json("channel", "list")}
        self.assertEqual(set(places), {"figures", "merger"})
        self.assertEqual([one["name"] for one in self.administrator.json("space", "list")], ["Board"])
        pair = self.places["conversation"][0]
        self.assertIn(self.ben.user_id, b"".join(self.ann.call(OPEN_DIRECT, {1: self.ben.user_id})[2]))
        self.assertEqual(self.ann.call(FETCH_LOG, {1: pair}), {})


if __name__ == "__main__":
    unittest.main()
