"""Programs of people sign in to MQTT with a password: SCRAM-SHA-256 (RFC 5802, 7677) as enhanced authentication of MQTT 5,
from a client that knows nothing of the server's code. Too many failures, and being sent elsewhere when the server stops."""
import base64
import hashlib
import hmac
import os
import socket
import ssl
import struct
import threading
import unittest

from devices import DeviceCase
from harness import Server

METHOD, DATA, REFERENCE = 0x15, 0x16, 0x1C
SUCCESS, CONTINUE, AGAIN = 0x00, 0x18, 0x19
BAD_PASSWORD, NOT_AUTHORIZED, TOO_OFTEN, ELSEWHERE = 0x86, 0x87, 0x9F, 0x9C
CONNACK, DISCONNECT, AUTH = 2, 14, 15


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(value)) + value


def properties(content):
    out = b"".join(bytes([name]) + text(value) for name, value in content)
    return bytes([len(out) & 127]) + out if len(out) < 128 else bytes([len(out) & 127 | 128, len(out) >> 7]) + out


def packet(kind, body):
    size = bytes([len(body)]) if len(body) < 128 else bytes([len(body) & 127 | 128, len(body) >> 7])
    return bytes([kind << 4]) + size + body


class Client:
    """MQTT 5 as far as signing in goes."""

    def __init__(self, server, tls=False):
        self.socket = socket.create_connection(("127.0.0.1", server.mqtts_port if tls else server.mqtt_port), timeout=10)
        if tls:
            context = ssl.create_default_context(cafile=str(server.ca))
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.file = self.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.socket.close()

    def connect(self, method=None, data=b"", client_id="program", password=None):
        content = [(METHOD, method), (DATA, data)] if method else []
        flags = 2 | (0xC0 if password else 0)
        tail = text("token") + text(password) if password else b""
        self.socket.sendall(packet(1, text("MQTT") + bytes([5, flags, 0, 60]) + properties(content) + text(client_id) + tail))

    def auth(self, reason, method, data):
        self.socket.sendall(packet(AUTH, bytes([reason]) + properties([(METHOD, method), (DATA, data)])))

    def read(self):
        """Kind, reason code and text properties of the next packet; nothing when the connection ends."""
        head = self.file.read(1)
        if not head:
            return None
        size = shift = 0
        while True:
            byte = self.file.read(1)[0]
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        body = self.file.read(size)
        kind = head[0] >> 4
        at = 1 if kind == CONNACK else 0
        reason = body[at] if len(body) > at else 0
        return kind, reason, self.found(body[at + 1:])

    @staticmethod
    def found(body):
        size = shift = at = 0
        while at < len(body):
            size |= (body[at] & 127) << shift
            shift += 7
            at += 1
            if body[at - 1] < 128:
                break
        out, end = {}, at + size
        width = {0x11: 4, 0x13: 2, 0x21: 2, 0x22: 2, 0x24: 1, 0x25: 1, 0x27: 4, 0x28: 1, 0x29: 1, 0x2A: 1}
        while at < end:
            name = body[at]
            if name in width:
                at += 1 + width[name]
                continue
            length = struct.unpack(">H", body[at + 1:at + 3])[0]
            out[name] = body[at + 3:at + 3 + length]
            at += 3 + length
        return out


class Scram:
    """RFC 5802 section 3, the client's side."""

    def __init__(self, user, password, header="n,,", binding=b""):
        self.password, self.header, self.binding = password, header, binding
        self.nonce = base64.b64encode(os.urandom(18)).decode()
        self.bare = f"n={user},r={self.nonce}"

    def first(self):
        return self.header + self.bare

    def last(self, challenge):
        fields = dict(part.split("=", 1) for part in challenge.decode().split(","))
        assert fields["r"].startswith(self.nonce) and len(fields["r"]) > len(self.nonce) + 16
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        channel = base64.b64encode(self.header.encode() + self.binding).decode()
        said = f"c={channel},r={fields['r']}"
        signed = f"{self.bare},{challenge.decode()},{said}".encode()
        signature = hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")
        self.verifier = b"v=" + base64.b64encode(hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256"))
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
        return f"{said},p={proof}"


class SignIn(DeviceCase):
    server_settings = {"automation.mqtt_failures_per_ip": "off"}

    def made(self, token=None):
        status, _, made = self.rest("POST", "/v1/mqtt-passwords", {"name": self.name}, token)
        self.assertEqual(status, 201, made)
        return made

    def client(self, **options):
        client = Client(self.server, **options)
        self.addCleanup(client.close)
        return client

    def sign_in(self, client, scram, method="SCRAM-SHA-256", **options):
        client.connect(method, scram.first(), **options)
        answer = client.read()
        if answer[:2] != (AUTH, CONTINUE):
            return answer
        client.auth(CONTINUE, method, scram.last(answer[2][DATA]))
        return client.read()

    def again(self, client, scram, method="SCRAM-SHA-256"):
        client.auth(AGAIN, method, scram.first())
        answer = client.read()
        if answer[:2] != (AUTH, CONTINUE):
            return answer
        client.auth(CONTINUE, method, scram.last(answer[2][DATA]))
        return client.read()

    def test_the_right_password_opens_and_the_server_proves_itself_too(self):
        made = self.made()
        scram = Scram(made["username"], made["password"])
        kind, reason, found = self.sign_in(self.client(), scram)
        self.assertEqual((kind, reason), (CONNACK, SUCCESS))
        self.assertEqual(found[DATA], scram.verifier)
        _, _, listed = self.rest("GET", "/v1/mqtt-passwords")
        self.assertIn({"password_id", "name", "created_at"}, [set(one) for one in listed["items"]])
        self.assertNotIn(made["password"], str(listed) + self.server.log_text())

    def test_a_wrong_password_and_a_user_that_is_not_there_look_alike(self):
        made = self.made()
        shapes = set()
        for user, password in ((made["username"], "wrong"), ("01a00000-0000-7000-8000-000000000000", made["password"]),
                               ("nobody at all", "x")):
            client, scram = self.client(), Scram(user, password)
            client.connect("SCRAM-SHA-256", scram.first())
            kind, reason, found = client.read()
            challenge = found[DATA].decode()
            shapes.add((kind, reason, len(challenge) - len(scram.nonce), challenge.split("i=")[1]))
            client.auth(CONTINUE, "SCRAM-SHA-256", scram.last(found[DATA]))
            self.assertEqual(client.read()[:2], (CONNACK, BAD_PASSWORD))
            self.assertIsNone(client.read())
        self.assertEqual(len(shapes), 1)
        salts = set()
        for _ in range(2):
            client = self.client()
            client.connect("SCRAM-SHA-256", Scram("nobody at all", "x").first())
            salts.add(client.read()[2][DATA].decode().split(",")[1])
        self.assertEqual(len(salts), 1, "a salt that changes tells that there is no such user")

    def test_a_proof_is_of_its_own_exchange(self):
        made = self.made()
        one, scram = self.client(), Scram(made["username"], made["password"])
        one.connect("SCRAM-SHA-256", scram.first())
        proof = scram.last(one.read()[2][DATA])
        other = self.client()
        other.connect("SCRAM-SHA-256", scram.first())
        self.assertEqual(other.read()[1], CONTINUE)
        other.auth(CONTINUE, "SCRAM-SHA-256", proof)
        self.assertEqual(other.read()[:2], (CONNACK, BAD_PASSWORD))
        one.auth(CONTINUE, "SCRAM-SHA-256", proof)
        self.assertEqual(one.read()[:2], (CONNACK, SUCCESS))

    def test_what_is_no_exchange_is_refused(self):
        for method, data in (("SCRAM-SHA-1", "n,,n=a,r=abcdefgh"), ("SCRAM-SHA-256", ""), ("SCRAM-SHA-256", "n,,n=a"),
                             ("SCRAM-SHA-256-PLUS", "p=tls-exporter,,n=a,r=abcdefgh"), ("SCRAM-SHA-256", "x" * 3000)):
            client = self.client()
            client.connect(method, data)
            self.assertEqual(client.read()[:2], (CONNACK, 0x8C if method == "SCRAM-SHA-1" else BAD_PASSWORD), data)

    def test_the_channel_is_bound_where_the_client_wants_it(self):
        made = self.made()
        # Python's ssl tells no tls-exporter: a client that binds to something else must be refused, and one that claims
        # the server could not bind (a downgrade in between) too.
        scram = Scram(made["username"], made["password"], "p=tls-exporter,,", bytes(32))
        self.assertEqual(self.sign_in(self.client(tls=True), scram, "SCRAM-SHA-256-PLUS")[:2], (CONNACK, BAD_PASSWORD))
        scram = Scram(made["username"], made["password"], "y,,")
        self.assertEqual(self.sign_in(self.client(tls=True), scram)[:2], (CONNACK, BAD_PASSWORD))
        self.assertEqual(self.sign_in(self.client(), scram)[:2], (CONNACK, SUCCESS))
        scram = Scram(made["username"], made["password"])
        self.assertEqual(self.sign_in(self.client(tls=True), scram)[:2], (CONNACK, SUCCESS))

    def test_an_open_connection_authenticates_again_as_itself_alone(self):
        made, wrong = self.made(), self.made()
        client = self.client()
        self.assertEqual(self.sign_in(client, Scram(made["username"], made["password"]))[1], SUCCESS)
        for who in (made, wrong):  # both of the same person
            scram = Scram(who["username"], who["password"])
            kind, reason, found = self.again(client, scram)
            self.assertEqual((kind, reason, found[DATA]), (AUTH, SUCCESS, scram.verifier))
        other = self.server.request("POST", "/v1/invitations", {"role": "member"}, self.token)[2]
        account = self.server.request("POST", "/v1/register", {
            "username": f"other{self.name}", "password": "correct horse battery staple", "invitation": other["token"]})[2]
        theirs = self.made(account["access_token"])
        self.assertEqual(self.again(client, Scram(theirs["username"], theirs["password"]))[:2], (DISCONNECT, NOT_AUTHORIZED))
        client = self.client()
        self.assertEqual(self.sign_in(client, Scram(made["username"], made["password"]))[1], SUCCESS)
        self.assertEqual(self.again(client, Scram(made["username"], "wrong"))[:2], (DISCONNECT, BAD_PASSWORD))
        client = self.client()
        self.assertEqual(self.sign_in(client, Scram(made["username"], made["password"]))[1], SUCCESS)
        client.auth(AGAIN, "SCRAM-SHA-256-PLUS", "p=tls-exporter,,n=a,r=abcdefgh")
        self.assertEqual(client.read()[:2], (DISCONNECT, 0x8C), "another method than that of CONNECT")

    def test_a_password_that_is_taken_back_ends_what_it_opened(self):
        made = self.made()
        client = self.client()
        self.assertEqual(self.sign_in(client, Scram(made["username"], made["password"]))[1], SUCCESS)
        other = self.server.request("POST", "/v1/invitations", {"role": "member"}, self.token)[2]
        account = self.server.request("POST", "/v1/register", {
            "username": f"thief{self.name}", "password": "correct horse battery staple", "invitation": other["token"]})[2]
        path = f"/v1/mqtt-passwords/{made['password_id']}"
        self.assertEqual(self.rest("DELETE", path, token=account["access_token"])[0], 404)
        self.assertEqual(self.rest("DELETE", path)[0], 204)
        self.assertEqual(client.read()[:2], (DISCONNECT, 0x98))
        self.assertEqual(self.sign_in(self.client(), Scram(made["username"], made["password"]))[1], BAD_PASSWORD)
        self.assertEqual(self.rest("DELETE", path)[0], 404)


class Limits(DeviceCase):
    server_settings = {"automation.mqtt_failures_per_ip": "5/1h"}

    def answer(self, password):
        client = Client(self.server)
        self.addCleanup(client.close)
        client.connect(password=password)
        return client.read()[1]

    def test_who_fails_too_often_is_not_even_asked(self):
        for _ in range(8):
            self.assertEqual(self.answer(self.token), SUCCESS)
        self.assertEqual([self.answer("no token") for _ in range(5)], [BAD_PASSWORD] * 5)
        self.assertEqual(self.answer("no token"), TOO_OFTEN)
        self.assertEqual(self.answer(self.token), TOO_OFTEN)


class Elsewhere(unittest.TestCase):
    def test_clients_are_sent_elsewhere_when_the_server_stops(self):
        server = Server(settings={"automation.mqtt_server_reference": "other.example:8883"})
        self.addCleanup(server.close)
        server.start()
        tokens = server.set_up()
        old = socket.create_connection(("127.0.0.1", server.mqtt_port), timeout=10)
        self.addCleanup(old.close)
        password = tokens["access_token"]
        old.sendall(packet(1, text("MQTT") + bytes([4, 0xC2, 0, 60]) + text("old") + text("token") + text(password)))
        self.assertEqual(old.recv(4), b"\x20\x02\x00\x00")
        client = Client(server)
        self.addCleanup(client.close)
        client.connect(password=password)
        self.assertEqual(client.read()[1], SUCCESS)
        half = Client(server)  # has begun to sign in
        self.addCleanup(half.close)
        half.connect("SCRAM-SHA-256", "n,,n=someone,r=abcdefghijkl")
        self.assertEqual(half.read()[1], CONTINUE)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        kind, reason, found = client.read()
        self.assertEqual((kind, reason, found[REFERENCE]), (DISCONNECT, ELSEWHERE, b"other.example:8883"))
        kind, reason, found = half.read()
        self.assertEqual((kind, reason, found[REFERENCE]), (CONNACK, ELSEWHERE, b"other.example:8883"))
        self.assertEqual(old.recv(4), b"")
        stopping.join()


if __name__ == "__main__":
    unittest.main()
