"""What a hostile user may try: forged and misused tokens, other people's ids, guesses about who exists, and keys that are
none. Everything runs against the real listeners."""
import hashlib
import json
import time
import unittest
import uuid

from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from harness import PASSWORD, Server, ServerCase, wait_until
from protocol import (ACKNOWLEDGE_INBOX, AUTHENTICATE, FETCH_BUNDLES, FETCH_DEVICE_LISTS, FETCH_LOG, LOOK_UP_USER,
                      OPEN_DIRECT, PUBLISH_DEVICE_LIST, PUBLISH_KEYS, SEND_MESSAGE, SET_PRESENCE, WATCH_PRESENCE, Device, Refused,
                      UpgradeRefused, b64, encode, first, open_gateway, unb64, uuid7)


def part(value):
    return b64(json.dumps(value).encode())


class Tokens(ServerCase):
    server_settings = {"limits.reads_per_user": "off", "limits.reads_per_ip": "off"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.device = Device(cls.server, "mallory", PASSWORD).register_device()
        head, claims, _ = cls.device.access.split(".")
        cls.header, cls.claims = json.loads(unb64(head)), json.loads(unb64(claims))
        cls.key = rsa.generate_private_key(65537, 2048)
        keys = cls.server.request("GET", "/.well-known/jwks.json")[2]["keys"]
        cls.jwk = next(key for key in keys if key["kid"] == cls.header["kid"])

    def signed(self, header=None, claims=None, raw_header=None, raw_claims=None):
        """A token signed by a key that is not the server's."""
        content = f"{raw_header or part({**self.header, **(header or {})})}.{raw_claims or part({**self.claims, **(claims or {})})}"
        return f"{content}.{b64(self.key.sign(content.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def hs256(self, key, header=None):
        content = f"{part({**self.header, 'alg': 'HS256', **(header or {})})}.{part(self.claims)}"
        mac = hmac.HMAC(key, hashes.SHA256())
        mac.update(content.encode())
        return f"{content}.{b64(mac.finalize())}"

    def own_jwk(self):
        numbers = self.key.public_key().public_numbers()
        return {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "mine", "e": "AQAB",
                "n": b64(numbers.n.to_bytes(256, "big"))}

    def forgeries(self):
        head, claims, signature = self.device.access.split(".")
        numbers = rsa.RSAPublicNumbers(int.from_bytes(unb64(self.jwk["e"]), "big"),
                                       int.from_bytes(unb64(self.jwk["n"]), "big"))
        public = numbers.public_key()
        pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        raw = b'{"alg":"RS256","alg":"RS256","kid":"%s","typ":"at+jwt"}' % self.header["kid"].encode()
        yield "alg none", f"{part({**self.header, 'alg': 'none'})}.{claims}."
        yield "alg None with the signature", f"{part({**self.header, 'alg': 'None'})}.{claims}.{signature}"
        yield "no alg", f"{part({key: value for key, value in self.header.items() if key != 'alg'})}.{claims}.{signature}"
        yield "no signature", f"{head}.{claims}."
        for name, secret in (("pem", pem), ("der", der), ("n", unb64(self.jwk["n"])), ("empty", b"\0")):
            yield f"HS256 with the public key as {name}", self.hs256(secret)
        yield "PS256 for an RS256 key", f"{part({**self.header, 'alg': 'PS256'})}.{claims}.{signature}"
        yield "EdDSA for an RS256 key", f"{part({**self.header, 'alg': 'EdDSA'})}.{claims}.{b64(bytes(64))}"
        yield "ES256 (0,0)", f"{part({**self.header, 'alg': 'ES256'})}.{claims}.{b64(bytes(64))}"
        yield "another key under the same kid", self.signed()
        for kid in ("../../../../dev/null", "/dev/null", "' OR 1=1 --", "http://127.0.0.1:1/key", "mine", "", "x" * 5000, 7, None):
            yield f"kid {str(kid)[:30]}", self.signed({"kid": kid})
        yield "embedded jwk", self.signed({"jwk": self.own_jwk(), "kid": "mine"})
        for name in ("jku", "x5u"):
            yield name, self.signed({name: "https://127.0.0.1:1/keys", "kid": "mine"})
        yield "x5c", self.signed({"x5c": [b64(der)], "kid": "mine"})
        yield "unknown crit", f"{part({**self.header, 'crit': ['exp']})}.{claims}.{signature}"
        yield "duplicate header keys", f"{b64(raw)}.{claims}.{signature}"
        yield "other claims under the old signature", \
            f"{head}.{part({**self.claims, 'roles': ['super_admin']})}.{signature}"
        yield "padding", f"{head}.{claims}.{signature}=="
        yield "a fourth part", f"{self.device.access}.e30"
        yield "two parts", f"{head}.{claims}"
        yield "other last bits", f"{head}.{claims}.{signature[:-1]}{'B' if signature[-1] == 'A' else 'A'}"
        yield "cut signature", f"{head}.{claims}.{signature[:-10]}"
        yield "zero signature", f"{head}.{claims}.{b64(bytes(256))}"
        yield "huge", f"{head}.{'A' * 12_000}.{signature}"
        yield "deep claims", self.signed(raw_claims=b64(b'{"a":' * 1500 + b"1" + b"}" * 1500))
        yield "no claims", self.signed(raw_claims=b64(b"null"))
        yield "empty", ""
        yield "only dots", ".."
        yield "the refresh token", self.device.refresh
        for name, value in (("iss", "https://evil.example"), ("aud", "other"), ("exp", 1), ("nbf", 1 << 40)):
            yield f"{name} {value}", self.signed({}, {name: value})

    def test_forged_tokens_are_refused_everywhere_alike(self):
        self.assertEqual(self.device.rest("GET", "/v1/account")[0], 200)
        for name, token in self.forgeries():
            with self.subTest(name):
                status, response, problem = self.server.request("GET", "/v1/account", token=token,
                                                                headers={} if token else {"Authorization": "Bearer "})
                self.assertIn(status, (401, 431, 400) if name in ("huge", "empty") else (401,), problem)
                if status == 401:
                    self.assertTrue(response.getheader("WWW-Authenticate"))
                    self.assertEqual(problem["status"], 401)
                if "=" in token or not token or len(token) > 9000:
                    continue
                with self.assertRaises(UpgradeRefused) as refused:
                    open_gateway(self.server, token).close()
                self.assertEqual(refused.exception.status, 401)

    def test_tokens_of_another_deployment_are_refused(self):
        for settings in ({}, {"auth.issuer": "another"}):
            other = Server(settings=settings)
            self.addCleanup(other.close)
            other.start()
            foreign = Device(other, "mallory", PASSWORD).register_device()
            self.assertEqual(self.server.request("GET", "/v1/account", token=foreign.access)[0], 401)
            other.close()

    def test_a_right_token_is_accepted_only_where_it_belongs(self):
        status, _, problem = self.server.request("POST", "/v1/token/refresh", {"refresh_token": self.device.access})
        self.assertEqual(status, 401, problem)
        for header in (f"Basic {self.device.access}", self.device.access, f"Bearer {self.device.access} x", "Bearer"):
            self.assertIn(self.server.request("GET", "/v1/account", headers={"Authorization": header})[0], (400, 401))

    def test_connections_take_over_tokens_of_their_own_session_alone(self):
        other = Device(self.server, "other", PASSWORD).register_device()
        self.device.connect()
        self.addCleanup(self.device.close)
        refused = self.device.refusal(AUTHENTICATE, {1: other.access})
        self.assertEqual((refused.status, refused.code), (403, "gateway.foreign_token"))
        self.assertEqual(self.device.refusal(AUTHENTICATE, {1: "a.b.c"}).status, 401)
        self.assertGreater(first(self.device.call(AUTHENTICATE, {1: self.device.access}), 1), 0)


class ShortTokens(unittest.TestCase):
    def test_tokens_and_their_connections_end_in_time(self):
        server = Server(settings={"auth.access_token_lifetime": "2s"})
        self.addCleanup(server.close)
        server.start()
        device = Device(server, "brief", PASSWORD).register_device().connect()
        self.addCleanup(device.close)
        self.assertEqual(device.ws.expect_close(15)[0], 4401)
        wait_until(lambda: device.rest("GET", "/v1/account")[0] == 401, 70, "the end of the token")
        status, _, fresh = server.request("POST", "/v1/token/refresh", {"refresh_token": device.refresh})
        self.assertEqual(status, 200)
        self.assertEqual(server.request("GET", "/v1/account", token=fresh["access_token"])[0], 200)


class Sessions(ServerCase):
    def refresh(self, token, **options):
        return self.server.request("POST", "/v1/token/refresh", {"refresh_token": token}, **options)

    def test_a_reused_refresh_token_ends_the_family_and_its_sockets(self):
        device = Device(self.server, "thief", PASSWORD).register_device()
        other = Device(self.server, "thief", PASSWORD, sign_up=False)
        status, _, second = self.refresh(device.refresh)
        self.assertEqual(status, 200)
        status, _, third = self.refresh(second["refresh_token"])
        self.assertEqual(status, 200)
        device.access = third["access_token"]
        device.connect()
        self.addCleanup(device.close)
        status, _, problem = self.refresh(device.refresh)
        self.assertEqual(status, 401, problem)
        started = time.monotonic()
        self.assertEqual(device.ws.expect_close(5)[0], 4403)
        self.assertLess(time.monotonic() - started, 1.0)
        self.assertEqual(self.refresh(third["refresh_token"])[0], 401)
        self.assertEqual(device.rest("GET", "/v1/account")[0], 401)
        self.assertEqual(other.rest("GET", "/v1/account")[0], 200, "another session of the user is not concerned")

    def test_who_knows_a_session_id_cannot_end_the_session_by_guessing(self):
        device = Device(self.server, "parts", PASSWORD)
        token = device.refresh
        for forged in (token[:40] + ("A" if token[40] != "A" else "B") + token[41:], token[:30], token + "A", "uhr_",
                       "x" * 200, "uhr_" + b64(uuid.UUID(device.session_id).bytes + bytes(64))):
            self.assertEqual(self.refresh(forged)[0], 401)
        self.assertEqual(self.refresh(token)[0], 200, "wrong guesses must not end the session")

    def ended(self, device, act):
        device.connect()
        self.addCleanup(device.close)
        started = time.monotonic()
        status = act()
        self.assertIn(status, (200, 204))
        code, _ = device.ws.expect_close(5)
        self.assertEqual(code, 4403)
        self.assertLess(time.monotonic() - started, 1.0)
        self.assertEqual(device.rest("GET", "/v1/account")[0], 401)
        self.assertEqual(self.refresh(device.refresh)[0], 401)
        with self.assertRaises(UpgradeRefused) as refused:
            open_gateway(self.server, device.access)
        self.assertEqual(refused.exception.status, 401)

    def test_each_way_of_revoking_closes_the_socket_within_a_second(self):
        admin = self.server.set_up()["access_token"]

        def by_admin(method, path, body=None):
            return lambda: self.server.request(method, path, body, admin)[0]

        for name, act in {
            "logout": lambda one, two: lambda: one.rest("POST", "/v1/logout")[0],
            "own device": lambda one, two: lambda: two.rest("DELETE", f"/v1/devices/{uuid.UUID(bytes=one.device_id)}")[0],
            "own session": lambda one, two: lambda: two.rest("DELETE", f"/v1/sessions/{one.session_id}")[0],
            "new password": lambda one, two: lambda: two.rest("POST", "/v1/account/password", {
                "current_password": PASSWORD, "new_password": PASSWORD + "!"})[0],
            "device by administrator": lambda one, two: by_admin(
                "DELETE", f"/v1/users/{uuid.UUID(bytes=one.user_id)}/devices/{uuid.UUID(bytes=one.device_id)}"),
            "session by administrator": lambda one, two: by_admin(
                "DELETE", f"/v1/users/{uuid.UUID(bytes=one.user_id)}/sessions/{one.session_id}"),
            "disabled": lambda one, two: by_admin("PATCH", f"/v1/users/{uuid.UUID(bytes=one.user_id)}", {"disabled": True}),
            "password reset": lambda one, two: by_admin("POST", f"/v1/users/{uuid.UUID(bytes=one.user_id)}/password"),
        }.items():
            with self.subTest(name):
                username = "ended-" + name.replace(" ", "-")
                one = Device(self.server, username, PASSWORD).register_device()
                two = Device(self.server, username, PASSWORD, sign_up=False).register_device()
                self.ended(one, act(one, two))

    def test_the_command_line_closes_sockets_too(self):
        device = Device(self.server, "remote", PASSWORD).register_device().connect()
        self.addCleanup(device.close)
        self.server.admin("devices", "revoke", str(uuid.UUID(bytes=device.device_id)))
        started = time.monotonic()
        self.assertEqual(device.ws.expect_close(5)[0], 4403)
        self.assertLess(time.monotonic() - started, 1.0)


class Enumeration(ServerCase):
    server_settings = {"auth.password_memory": "16MiB", "auth.password_passes": "2", "auth.open_sign_up": "true",
                       "limits.login_per_account": "off"}

    def test_login_does_not_tell_who_exists(self):
        admin = self.server.set_up()["access_token"]
        Device(self.server, "exists", PASSWORD)
        off = Device(self.server, "disabled", PASSWORD)
        path = f"/v1/users/{uuid.UUID(bytes=off.user_id)}"
        self.assertEqual(self.server.request("PATCH", path, {"disabled": True}, admin)[0], 200)
        bodies = {"known": {"username": "exists", "password": "wrong password"},
                  "unknown": {"username": "absent", "password": "wrong password"},
                  "disabled": {"username": "disabled", "password": PASSWORD},
                  "no such organization": {"username": "exists", "password": "wrong password", "organization": "None"},
                  "impossible name": {"username": "?" * 20, "password": "wrong password"}}
        times = {name: [] for name in bodies}
        answers = {}
        for _ in range(7):
            for name, body in bodies.items():
                started = time.process_time(), time.perf_counter()
                status, response, problem = self.server.request("POST", "/v1/login", body)
                times[name].append(time.perf_counter() - started[1])
                problem.pop("request_id")
                headers = sorted(key.lower() for key, _ in response.getheaders())
                answers[name] = (status, problem, headers, response.getheader("Content-Length"))
        for name, answer in answers.items():
            self.assertEqual(answer, answers["known"], name)
        self.assertEqual(answers["known"][0], 401)
        # The quickest of each: what else the machine does only adds to it.
        least = {name: min(values) for name, values in times.items()}
        print({name: f"{value * 1000:.0f} ms" for name, value in least.items()})
        for name, quickest in least.items():
            self.assertGreater(quickest, least["known"] / 3, f"{name} is answered without the work of a password: {least}")


class Foreign(ServerCase):
    """Two organisations and several users: an id of somebody else answers exactly like one that nobody has."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        root = cls.server.set_up("root", "First")
        cls.root = root["access_token"]
        status, _, made = cls.server.request("POST", "/v1/organizations", {"name": "Second"}, cls.root)
        assert status == 201, made
        cls.stranger = Device(cls.server, "boss", PASSWORD, invitation=made["invitation"]["token"]).ready()
        status, _, invited = cls.server.request("POST", "/v1/invitations", {}, cls.stranger.access)
        cls.colleague = Device(cls.server, "worker", PASSWORD, invitation=invited["token"]).ready()
        status, _, cls.invitation = cls.server.request("POST", "/v1/invitations", {}, cls.stranger.access)
        status, _, cls.sensor = cls.server.request("POST", "/v1/iot-devices", {"name": "sensor"}, cls.stranger.access)
        assert status == 201, cls.sensor
        status, _, cls.mqtt_password = cls.server.request("POST", "/v1/mqtt-passwords", {"name": "script"},
                                                          cls.stranger.access, port=cls.server.devices_port)
        assert status == 201, cls.mqtt_password
        cls.conversation = cls.stranger.open_direct(cls.colleague.user_id)
        cls.stranger.send(cls.conversation, [cls.colleague.device_id], b"secret")
        # In the asker's own organisation: an administrator, and two people whose conversation is none of his business.
        cls.alice, cls.bob = Device(cls.server, "alice", PASSWORD).ready(), Device(cls.server, "bob", PASSWORD).ready()
        cls.file = cls.upload(cls.stranger, cls.conversation)
        cls.inner = cls.alice.open_direct(cls.bob.user_id)
        cls.inner_file = cls.upload(cls.alice, cls.inner)
        cls.alice.send(cls.inner, [cls.bob.device_id], b"secret")
        status = cls.server.request("PUT", f"/v1/users/{cls.text(cls.bob.user_id)}/roles/guest", token=cls.root)[0]
        cls.bob.ws.expect_close(5)
        cls.bob.connect()
        cls.admin = Device(cls.server, "manager", PASSWORD)
        status, _, problem = cls.server.request(
            "PUT", f"/v1/users/{cls.text(cls.admin.user_id)}/roles/org_admin", token=cls.root)
        assert status == 204, problem
        cls.admin = Device(cls.server, "manager", PASSWORD, sign_up=False).ready()
        for device in (cls.stranger, cls.colleague, cls.alice, cls.bob, cls.admin):
            cls.addClassCleanup(device.close)

    @staticmethod
    def text(value):
        return str(uuid.UUID(bytes=value))

    @classmethod
    def upload(cls, device, conversation):
        """A complete file of 600 bytes."""
        content = b"x" * 600
        status, _, file = cls.server.request("POST", "/v1/files", {"conversation_id": cls.text(conversation), "size": 600},
                                             device.access)
        assert status == 201, file
        path = f"/v1/files/{file['file_id']}"
        status, _, stored = cls.server.request("PUT", path + "/content?offset=0", None, device.access,
                                               {"Content-Type": "application/octet-stream"}, raw_body=content)
        assert status == 200, stored
        chain = hashlib.sha256(hashlib.sha256(b"unhidra file digest 1").digest() + content).digest()
        digest = hashlib.sha256(chain + (600).to_bytes(8, "big")).digest()
        status, _, done = cls.server.request("POST", path + "/completion", {"digest": b64(digest)}, device.access)
        assert status == 200 and done["complete"], done
        return file

    def same(self, method, path, foreign, who=None, body=None, port=None):
        """`path` has one %s for the foreign id."""
        token = (who or self.admin).access
        answers = []
        for one in (foreign, str(uuid.UUID(bytes=uuid7()))):
            if isinstance(body, bytes):
                status, response, problem = self.server.request(
                    method, path % one, None, token, {"Content-Type": "application/octet-stream"}, port, body)
            else:
                status, response, problem = self.server.request(method, path % one, body, token, port=port)
            problem = dict(problem or {})
            problem.pop("request_id", None)
            answers.append((status, problem, response.getheader("Content-Length"),
                            sorted(key.lower() for key, _ in response.getheaders())))
        self.assertEqual(answers[0], answers[1], f"{method} {path}")
        self.assertEqual(answers[0][0], 404, f"{method} {path}: {answers[0]}")

    def test_every_rest_path_with_an_id_of_another_organisation(self):
        with open(__file__.rsplit("/tests/", 1)[0] + "/api/openapi.yaml") as contract:
            paths = {line.strip().rstrip(":") for line in contract if line.startswith("  /") and "_id}" in line}
        user, device = self.text(self.stranger.user_id), self.text(self.stranger.device_id)
        session, own = self.stranger.session_id, self.text(self.alice.user_id)
        checks = [
            ("DELETE", "/v1/sessions/{session_id}", "/v1/sessions/%s", session, None),
            ("DELETE", "/v1/devices/{device_id}", "/v1/devices/%s", device, None),
            ("DELETE", "/v1/invitations/{invitation_id}", "/v1/invitations/%s", self.invitation["invitation_id"], None),
            ("GET", "/v1/users/{user_id}", "/v1/users/%s", user, None),
            ("PATCH", "/v1/users/{user_id}", "/v1/users/%s", user, {"disabled": True}),
            ("POST", "/v1/users/{user_id}/password", "/v1/users/%s/password", user, None),
            ("GET", "/v1/users/{user_id}/devices", "/v1/users/%s/devices", user, None),
            ("DELETE", "/v1/users/{user_id}/devices/{device_id}", f"/v1/users/{user}/devices/%s", device, None),
            ("DELETE", "/v1/users/{user_id}/devices/{device_id}", f"/v1/users/{own}/devices/%s", device, None),
            ("DELETE", "/v1/users/{user_id}/devices/{device_id}", f"/v1/users/{own}/devices/%s",
             self.text(self.bob.device_id), None),
            ("GET", "/v1/users/{user_id}/sessions", "/v1/users/%s/sessions", user, None),
            ("DELETE", "/v1/users/{user_id}/sessions/{session_id}", f"/v1/users/{user}/sessions/%s", session, None),
            ("DELETE", "/v1/users/{user_id}/sessions/{session_id}", f"/v1/users/{own}/sessions/%s", session, None),
            ("DELETE", "/v1/users/{user_id}/sessions/{session_id}", f"/v1/users/{own}/sessions/%s",
             self.bob.session_id, None),
            ("PUT", "/v1/users/{user_id}/roles/{role}", "/v1/users/%s/roles/guest", user, None),
            ("DELETE", "/v1/users/{user_id}/roles/{role}", "/v1/users/%s/roles/member", user, None),
            ("DELETE", "/v1/iot-devices/{device_id}", "/v1/iot-devices/%s", self.sensor["device"]["device_id"], None),
            ("POST", "/v1/iot-devices/{device_id}/enrolment-codes", "/v1/iot-devices/%s/enrolment-codes",
             self.sensor["device"]["device_id"], None),
            ("GET", "/v1/iot-devices/{device_id}/certificates", "/v1/iot-devices/%s/certificates",
             self.sensor["device"]["device_id"], None),
            ("DELETE", "/v1/iot-devices/{device_id}/certificates", "/v1/iot-devices/%s/certificates",
             self.sensor["device"]["device_id"], None),
            ("GET", "/v1/iot-devices/{device_id}", "/v1/iot-devices/%s", self.sensor["device"]["device_id"], None),
            ("PATCH", "/v1/iot-devices/{device_id}", "/v1/iot-devices/%s", self.sensor["device"]["device_id"],
             {"name": "mine"}),
            ("DELETE", "/v1/iot-devices/{device_id}/enrolment-request", "/v1/iot-devices/%s/enrolment-request",
             self.sensor["device"]["device_id"], None),
            ("POST", "/v1/iot-devices/{device_id}/enrolment-request/approval",
             "/v1/iot-devices/%s/enrolment-request/approval", self.sensor["device"]["device_id"],
             {"fingerprint": "00" * 32}),
            ("DELETE", "/v1/iot-devices/{device_id}/record", "/v1/iot-devices/%s/record",
             self.sensor["device"]["device_id"], None),
            ("GET", "/v1/iot-devices/{device_id}/twin", "/v1/iot-devices/%s/twin",
             self.sensor["device"]["device_id"], None),
            ("PUT", "/v1/iot-devices/{device_id}/twin", "/v1/iot-devices/%s/twin",
             self.sensor["device"]["device_id"], {"document": {}}),
            ("GET", "/v1/files/{file_id}", "/v1/files/%s", self.file["file_id"], None),
            ("DELETE", "/v1/files/{file_id}", "/v1/files/%s", self.file["file_id"], None),
            ("GET", "/v1/files/{file_id}/content", "/v1/files/%s/content", self.file["file_id"], None),
            ("PUT", "/v1/files/{file_id}/content", "/v1/files/%s/content?offset=0", self.file["file_id"], b"x" * 600),
            ("POST", "/v1/files/{file_id}/completion", "/v1/files/%s/completion", self.file["file_id"],
             {"digest": b64(bytes(32))}),
            ("POST", "/v1/files/{file_id}/links", "/v1/files/%s/links", self.file["file_id"], None),
            ("DELETE", "/v1/mqtt-passwords/{password_id}", "/v1/mqtt-passwords/%s", self.mqtt_password["password_id"], None),
        ]
        self.assertEqual({check[1] for check in checks}, paths, "a path with an id has no check here")
        for method, name, path, foreign, body in checks:
            with self.subTest(f"{method} {name}"):
                revoking = (method, name) == ("DELETE", "/v1/iot-devices/{device_id}")
                automation = name.startswith(("/v1/iot-devices/", "/v1/mqtt-passwords/")) and not revoking
                self.same(method, path, foreign, body=body, port=self.server.devices_port if automation else None)
        # Nothing of it had an effect.
        self.assertEqual(self.stranger.rest("GET", "/v1/account")[0], 200)
        self.assertEqual(self.stranger.rest("GET", f"/v1/users/{user}")[1]["disabled"], False)

    def test_files_are_for_the_members_of_their_conversation_alone(self):
        file = self.inner_file["file_id"]
        self.assertEqual(self.server.request("GET", f"/v1/files/{file}/content", token=self.bob.access)[2], b"x" * 600)
        for method, path, body in (("GET", "/v1/files/%s", None), ("GET", "/v1/files/%s/content", None),
                                   ("POST", "/v1/files/%s/links", None), ("DELETE", "/v1/files/%s", None),
                                   ("POST", "/v1/files/%s/completion", {"digest": b64(bytes(32))})):
            self.same(method, path, file, body=body)
            if method == "DELETE":
                self.same(method, path, file, who=self.bob)  # a member who has not uploaded it
        status, _, problem = self.server.request(
            "POST", "/v1/files", {"conversation_id": self.text(self.inner), "size": 600}, self.admin.access)
        self.assertEqual((status, problem["code"]), (404, "files.not_found"))

    def test_own_sessions_and_devices_are_not_those_of_a_colleague(self):
        self.same("DELETE", "/v1/sessions/%s", self.bob.session_id, who=self.alice)
        self.same("DELETE", "/v1/devices/%s", self.text(self.bob.device_id), who=self.alice)

    def test_members_may_not_ask_about_users_at_all_whether_they_exist_or_not(self):
        for target in (self.bob.user_id, self.stranger.user_id, uuid7()):
            status, problem = self.alice.rest("PATCH", f"/v1/users/{self.text(target)}", {"disabled": True})
            self.assertEqual((status, problem["code"]), (403, "access.denied"))

    def test_ids_that_are_none(self):
        for bad in ("x", "1", "..", "%27", "0" * 36, "00000000-0000-0000-0000-000000000000", self.text(uuid7()).upper(),
                    self.text(uuid7()).replace("-", "")):
            status, problem = self.admin.rest("GET", f"/v1/users/{bad}")
            self.assertIn(status, (400, 404), f"{bad}: {problem}")

    def outcome(self, device, field, body):
        try:
            return device.call(field, body)
        except Refused as refused:
            return (refused.status, refused.code, refused.message, refused.retry_after_ms)

    def test_every_frame_with_an_id_of_somebody_else(self):
        message = lambda conversation, device: self.alice.message(conversation, [device], b"x", message_id=bytes(15) + b"\1")
        for name, field, make, foreign in (
            ("user of another organisation", LOOK_UP_USER, lambda id: {2: id}, self.stranger.user_id),
            ("conversation with", OPEN_DIRECT, lambda id: {1: id}, self.stranger.user_id),
            ("log of another organisation", FETCH_LOG, lambda id: {1: id}, self.conversation),
            ("send to another organisation", SEND_MESSAGE, lambda id: message(id, self.colleague.device_id),
             self.conversation),
        ):
            with self.subTest(name):
                theirs, nobody = (self.outcome(self.alice, field, make(one)) for one in (foreign, uuid7()))
                self.assertEqual(theirs, nobody)
                self.assertEqual(theirs[0], 404)
        bundles = []
        for one in (self.stranger.user_id, uuid7()):
            answer = self.outcome(self.alice, FETCH_BUNDLES, {1: one})
            self.assertEqual(answer.pop(1), [one])
            bundles.append(answer)
        self.assertEqual(bundles, [{}, {}])
        outsider = self.admin
        for field, make in ((FETCH_LOG, lambda id: {1: id}), (SEND_MESSAGE, lambda id: message(id, self.bob.device_id))):
            theirs, nobody = (self.outcome(outsider, field, make(one)) for one in (self.inner, uuid7()))
            self.assertEqual(theirs, nobody)
            self.assertEqual(theirs[0], 404)
        theirs, nobody = (self.outcome(self.alice, FETCH_DEVICE_LISTS, {1: one}) for one in (self.stranger.user_id, uuid7()))
        self.assertEqual(theirs, nobody)
        self.assertEqual(theirs, {})
        self.stranger.call(SET_PRESENCE, {1: 1})
        theirs, nobody = (self.outcome(self.alice, WATCH_PRESENCE, {1: one}) for one in (self.stranger.user_id, uuid7()))
        self.assertNotIn(b"\x10\x01", b"".join(theirs.get(1, [])), "the presence of another organisation is told")

    def test_names_of_another_organisation_are_unknown(self):
        theirs, nobody = (self.outcome(self.alice, LOOK_UP_USER, {1: name}) for name in ("worker", "no-one-has-this"))
        self.assertEqual(theirs, nobody)

    def test_a_device_of_somebody_else_is_no_recipient(self):
        answer = self.alice.call(SEND_MESSAGE, self.alice.message(
            self.inner, [self.bob.device_id, self.colleague.device_id], b"x"))
        self.assertIn(2, answer, "not answered as stale")
        self.assertNotIn(1, answer)

    def test_nobody_reads_or_acknowledges_another_inbox(self):
        entries, head = self.alice.inbox()
        self.assertEqual(entries, [])
        self.assertEqual(self.alice.refusal(ACKNOWLEDGE_INBOX, {1: head + 1000}).status, 400)
        self.assertEqual(len(self.bob.inbox()[0]), 1)

    def test_the_audit_log_of_another_organisation_is_not_shown(self):
        status, found = self.admin.rest("GET", "/v1/audit?limit=200")
        self.assertEqual(status, 200)
        # What this organisation's people tried names foreign ids; what others did is not there.
        actors = {event.get("actor_id") for event in found["items"]}
        self.assertIn(self.text(self.alice.user_id), actors)
        self.assertFalse(actors & {self.text(self.stranger.user_id), self.text(self.colleague.user_id)})

    def test_nobody_raises_himself(self):
        mine = self.text(self.alice.user_id)
        for role in ("member", "org_admin", "super_admin"):
            self.assertEqual(self.alice.rest("PUT", f"/v1/users/{mine}/roles/{role}")[0], 403)
        manager = self.text(self.admin.user_id)
        self.assertEqual(self.admin.rest("PUT", f"/v1/users/{manager}/roles/super_admin")[0], 403)
        self.assertEqual(self.admin.rest("POST", "/v1/invitations", {"role": "super_admin"})[0], 403)
        self.assertEqual(self.admin.rest("POST", "/v1/users", {"username": "puppet", "role": "super_admin"})[0], 403)


class Keys(ServerCase):
    """Uploads that must be refused whole, and prekeys that are handed out once."""

    server_settings = {"limits.prekey_fetch_per_connection": "off", "limits.prekey_fetch_per_user": "off"}

    def fresh(self, name):
        device = Device(self.server, name, PASSWORD).register_device().connect()
        self.addCleanup(device.close)
        device.make_keys()
        return device

    def upload(self, device, **changes):
        body = {1: device.identity, 2: device.signing_public(), 3: device.signed_prekey(1),
                4: device.signed_prekey(1, last_resort=True), 5: device.one_time_prekeys(3)}
        body.update(changes.get("fields", {}))
        return body

    def test_bad_uploads_are_refused_and_nothing_is_stored(self):
        device = self.fresh("uploader")
        flipped = device.signed_prekey(1)
        flipped[4] = bytes([flipped[4][0] ^ 1]) + flipped[4][1:]
        low_orders = [bytes(32), b"\1" + bytes(31),
                      bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
                      bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
                      bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
                      bytes.fromhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), b"\xff" * 32]
        one = device.one_time_prekeys(1)[0]
        many = device.one_time_prekeys(101)
        cases = {
            "bad signature": {3: flipped}, "zero signature": {3: {**device.signed_prekey(1), 4: bytes(64)}},
            "last-resort in the place of the signed": {3: device.signed_prekey(1, last_resort=True)},
            "short key": {1: bytes(31)}, "long key": {1: b"\x09" + bytes(32)}, "no key": {1: b""},
            "no last-resort": {4: None}, "duplicate id": {5: [one, {1: one[1], 2: device.one_time_prekeys(1)[0][2]}]},
            "duplicate key": {5: [one, {1: one[1] + 500, 2: one[2]}]}, "101 keys": {5: many},
            "zero Ed25519": {2: bytes(32)}, "from the future": {3: device.signed_prekey(1, created=(1 << 62))},
        }
        for number, low in enumerate(low_orders):
            cases[f"low-order identity {number}"] = {1: low}
            cases[f"low-order one-time {number}"] = {5: [{1: 900 + number, 2: low}]}
            cases[f"low-order signed {number}"] = {3: device.signed_prekey(1, key=low)}
        for name, fields in cases.items():
            with self.subTest(name):
                refused = device.refusal(PUBLISH_KEYS, self.upload(device, fields=fields))
                self.assertIn(refused.status, (400, 413, 422), refused)
                self.assertEqual(device.refusal(24).status, 404, "something was stored")
        device.call(PUBLISH_KEYS, self.upload(device))

    def test_long_term_keys_and_used_ids_do_not_come_back(self):
        device, other = self.fresh("keeper"), self.fresh("changer")
        body = self.upload(device)
        device.call(PUBLISH_KEYS, body)
        self.assertEqual(device.refusal(PUBLISH_KEYS, {1: body[1], 2: body[2], 5: [body[5][0]]}).status, 409)
        other.device_id = device.device_id
        self.assertIn(device.refusal(PUBLISH_KEYS, self.upload(other)).status, (409, 422))

    def test_device_lists_that_are_not_signed_or_not_ones_own(self):
        device, other = self.fresh("lister"), self.fresh("victim")
        device.call(PUBLISH_KEYS, self.upload(device))
        other.call(PUBLISH_KEYS, self.upload(other))
        good = device.device_list()
        ghost = (other.device_id, other.identity, other.signing_public())
        for name, document in {
            "foreign device": device.device_list(others=[ghost]), "flipped": good[:-1] + bytes([good[-1] ^ 1]),
            "cut": good[:-1], "tail": good + b"\0", "version 2 first": device.device_list(2, bytes(31) + b"\1"),
            "another user's": other.device_list(), "empty": b"", "huge count": good[:97] + b"\xff\xff" + good[99:],
        }.items():
            with self.subTest(name):
                self.assertIn(device.refusal(PUBLISH_DEVICE_LIST, {1: document}).status, (400, 409, 413, 422))
        device.call(PUBLISH_DEVICE_LIST, {1: good})
        self.assertEqual(device.refusal(PUBLISH_DEVICE_LIST, {1: device.device_list(1)}).status, 409)

    def test_parallel_fetches_never_get_one_prekey_twice(self):
        owner = Device(self.server, "owner", PASSWORD).ready(one_time=100)
        self.addCleanup(owner.close)
        takers = [Device(self.server, f"taker{number}", PASSWORD).ready() for number in range(4)]
        pending = []
        for taker in takers:
            self.addCleanup(taker.close)
        for _ in range(40):
            for taker in takers:
                pending.append((taker, taker.post(FETCH_BUNDLES, {1: owner.user_id})))
        seen, without = [], 0
        for taker, request in pending:
            bundle = decode_bundle(taker.result(request)[1])
            seen.append(bundle) if bundle is not None else None
            without += bundle is None
        self.assertEqual(len(seen), 100)
        self.assertEqual(len(set(seen)), 100)
        self.assertEqual(without, 60)


def decode_bundle(answer):
    """The id of the one-time prekey in the only bundle, or None."""
    from protocol import decode
    bundle = decode(answer[2][0])
    return first(decode(bundle[5][0]), 1) if 5 in bundle else None


if __name__ == "__main__":
    unittest.main()
