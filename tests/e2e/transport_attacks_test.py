"""What a hostile network peer may try at the listeners: origins, frames, floods, smuggled and slow requests, JSON bombs."""
import json
import socket
import time
import unittest

from harness import PASSWORD, Server, ServerCase, wait_until
from protocol import (BINARY, CLOSE, COUNT_PRE_KEYS, ERROR, FETCH_INBOX, LOOK_UP_USER, PING, TEXT, Closed, Device, RawTls,
                      Refused, UpgradeRefused, WebSocket, decode, encode, first, frame, open_gateway, varint)


class Upgrade(ServerCase):
    server_settings = {"gateway.allowed_origins": "https://chat.example.org"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.device = Device(cls.server, "upgrader", PASSWORD).register_device()

    def refused(self, **options):
        token = options.pop("token", self.device.access)
        with self.assertRaises(UpgradeRefused) as refused:
            open_gateway(self.server, token, **options)
        return refused.exception

    def test_pages_of_foreign_origins_may_not_connect(self):
        for origin in ("https://evil.example", "null", "https://chat.example.org.evil.example", "http://chat.example.org",
                       "https://chat.example.org:444", "file://", ""):
            with self.subTest(origin=origin):
                answer = self.refused(headers={"Origin": origin})
                self.assertEqual(answer.status, 403)
                self.assertEqual(json.loads(answer.body)["code"], "gateway.foreign_origin")

    def test_the_allowed_origin_and_no_origin_connect(self):
        for headers in ({"Origin": "https://chat.example.org"}, {}):
            open_gateway(self.server, self.device.access, headers).close()

    def test_a_token_in_the_url_is_ignored(self):
        for query in ("?access_token=", "?token=", "?bearer="):
            with self.assertRaises(UpgradeRefused) as refused:
                WebSocket(self.server.ssl_context(), self.server.gateway_port, "/v1/ws" + query + self.device.access,
                          ["unhidra.v1"])
            self.assertEqual(refused.exception.status, 401)
        self.assertNotIn(self.device.access, self.server.log_text())
        status = self.server.request("GET", f"/v1/account?access_token={self.device.access}")[0]
        self.assertIn(status, (400, 401))

    def test_a_token_in_a_cookie_or_twice_is_refused(self):
        answer = self.refused(protocols=["unhidra.v1"], headers={"Cookie": f"token={self.device.access}"})
        self.assertEqual(answer.status, 401)
        bearer = f"bearer.{self.device.access}"
        self.assertEqual(self.refused(protocols=["unhidra.v1", bearer, bearer]).status, 400)
        self.assertEqual(self.refused(protocols=[bearer]).status, 400)

    def test_a_session_without_a_device_may_not_connect(self):
        plain = Device(self.server, "deviceless", PASSWORD)
        self.assertEqual(self.refused(token=plain.access).status, 403)

    def test_the_token_is_not_echoed(self):
        ws = open_gateway(self.server, self.device.access)
        self.addCleanup(ws.close)
        self.assertEqual(ws.headers["sec-websocket-protocol"], "unhidra.v1")

    def test_wrong_handshakes(self):
        def answer(*lines):
            raw = RawTls(self.server, self.server.gateway_port)
            self.addCleanup(raw.close)
            raw.send("\r\n".join(["GET /v1/ws HTTP/1.1", "Host: localhost", *lines, "", ""]))
            return raw.response()[0]

        base = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Protocol": f"unhidra.v1, bearer.{self.device.access}"}
        for name, value in (("Sec-WebSocket-Version", "12"), ("Sec-WebSocket-Key", "short"), ("Sec-WebSocket-Key", None),
                            ("Connection", "close"), ("Upgrade", "h2c")):
            fields = {**base, name: value}
            status = answer(*[f"{key}: {text}" for key, text in fields.items() if text is not None])
            self.assertIn(status, (400, 404, 405, 426), f"{name}: {value}")


class Frames(ServerCase):
    server_settings = {"gateway.max_frame": "64KiB", "limits.requests_per_connection": "off"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.device = Device(cls.server, "framer", PASSWORD).register_device()
        cls.bystander = Device(cls.server, "bystander", PASSWORD).ready()
        cls.addClassCleanup(cls.bystander.close)

    def tearDown(self):
        # Whatever was sent: the server lives, and others notice nothing.
        self.bystander.call(COUNT_PRE_KEYS)

    def socket(self):
        ws = open_gateway(self.server, self.device.access)
        self.addCleanup(ws.close)
        ws.receive()  # Hello
        return ws

    def closes(self, data, code):
        ws = self.socket()
        ws.send_raw(data)
        self.assertEqual(ws.expect_close(10)[0], code)

    def test_frames_that_break_rfc_6455(self):
        good = encode({1: 1, COUNT_PRE_KEYS: b""})
        for name, data in {
            "unmasked": frame(good, mask=False),
            "RSV1 without compression": frame(good, rsv=4),
            "RSV2": frame(good, rsv=2),
            "RSV3": frame(good, rsv=1),
            "reserved opcode 3": frame(good, opcode=3),
            "reserved control opcode 11": frame(b"", opcode=11),
            "control frame of 126 bytes": frame(b"x" * 126, opcode=PING),
            "fragmented control frame": frame(b"x", opcode=PING, fin=False),
            "continuation of nothing": frame(good, opcode=0),
            "new message within a message": frame(good[:1], fin=False) + frame(good, fin=False),
            "close code 1005": frame((1005).to_bytes(2, "big"), opcode=CLOSE),
            "close code 999": frame((999).to_bytes(2, "big"), opcode=CLOSE),
            "close frame of one byte": frame(b"\x03", opcode=CLOSE),
        }.items():
            with self.subTest(name):
                self.closes(data, 1002)

    def test_lengths_over_the_limit_are_refused_before_the_content_comes(self):
        for length in (64 * 1024 + 1, 1 << 31, (1 << 63) - 1):
            with self.subTest(length=length):
                self.closes(frame(b"", length=length), 1009)
        with self.subTest("2^63"):
            ws = self.socket()
            ws.send_raw(frame(b"", length=1 << 63))
            self.assertIn(ws.expect_close(10)[0], (1002, 1009))

    def test_fragments_that_grow_over_the_limit(self):
        piece = b"x" * (32 * 1024)
        self.closes(frame(piece, fin=False) + frame(piece, opcode=0, fin=False) + frame(b"x", opcode=0), 1009)

    def test_endless_fragments(self):
        ws = self.socket()
        try:
            ws.send_raw(frame(b"", fin=False) + frame(b"", opcode=0, fin=False) * 5000)
        except OSError:
            pass
        self.assertIn(ws.expect_close(10)[0], (1008, 1009, None))

    def test_a_flood_of_pings_is_cut_off(self):
        ws = self.socket()
        try:
            ws.send_raw(frame(b"x" * 125, opcode=PING) * 5000)
        except OSError:
            pass
        self.assertIn(ws.expect_close(10)[0], (1008, None))

    def test_text_frames(self):
        self.closes(frame(b"hello", opcode=TEXT), 1003)
        self.closes(frame(b"\xc3\x28", opcode=TEXT), 1007)
        self.closes(frame(b"\xed\xa0\x80", opcode=TEXT), 1007)

    def test_bytes_that_are_no_client_frame(self):
        deep = b""
        for _ in range(5000):
            deep = varint(45 << 3 | 2) + varint(len(deep)) + deep
        for name, data in {
            "noise": bytes(range(256)), "truncated length": b"\x08\x01\xa2\x01\xff", "no request id": encode({24: b""}),
            "request id zero": encode({1: 0, 24: b""}), "two bodies": encode({1: 1, 24: b"", 22: b""}),
            "varint of eleven bytes": b"\x08" + b"\xff" * 10 + b"\x01", "wire type 7": b"\x0f", "group": b"\x0b\x0c",
            "empty": b"", "length of 2^63": b"\x08\x01" + varint(24 << 3 | 2) + varint(1 << 63),
        }.items():
            with self.subTest(name):
                ws = self.socket()
                ws.send(data)
                try:
                    opcode, answer = ws.receive(10)
                except Closed as closed:
                    self.assertIn(closed.code, (1002, 1003, 1007, 1008))
                else:
                    self.assertIn(ERROR, decode(answer))
        with self.subTest("deep nesting"):
            ws = self.socket()
            ws.send(encode({1: 1, 45: deep}))
            self.assertIn(ERROR, decode(ws.receive(10)[1]))

    def test_an_unknown_request_is_answered_with_its_own_error(self):
        device = Device(self.server, "future", PASSWORD).register_device().connect()
        self.addCleanup(device.close)
        for number in (46, 69, 127, 128, 999):
            refused = device.refusal(number, b"anything")
            self.assertEqual((refused.status, refused.code), (404, "gateway.unknown_request"))

    def test_bodies_over_the_limit_of_their_request(self):
        device = Device(self.server, "big", PASSWORD).register_device().connect()
        self.addCleanup(device.close)
        refused = device.refusal(LOOK_UP_USER, {1: "x" * 5000})
        self.assertEqual(refused.status, 413)

    def test_random_bytes_in_every_request(self):
        import random
        seed = 20260718
        print(f"seed {seed}")
        source = random.Random(seed)
        device = Device(self.server, "noise", PASSWORD).ready()
        self.addCleanup(device.close)
        for field in (10, 11, 12, 20, 21, 22, 23, 24, 25, 26, 27, 40, 41, 42, 43, 44, 45):
            for _ in range(25):
                data = source.randbytes(source.choice((1, 2, 3, 8, 16, 17, 40, 300)))
                try:
                    device.call(field, data)
                except Refused as refused:
                    self.assertLess(refused.status, 500, f"{field} {data.hex()}: {refused}")
        status = self.server.request("GET", "/ready")[0]
        self.assertEqual(status, 200)


class Floods(ServerCase):
    server_settings = {"limits.login_per_ip": None, "limits.registration_per_ip": "20/1h", "limits.connections_per_ip": "40/1m",
                       "limits.connections_per_user": None}

    def test_a_hundred_thousand_tiny_requests(self):
        device = Device(self.server, "flooder", PASSWORD).ready()
        other = Device(self.server, "patient", PASSWORD).ready()
        self.addCleanup(device.close)
        self.addCleanup(other.close)
        device.ws.socket.settimeout(60)
        total, answered, limited = 100_000, 0, 0
        tiny = [encode({1: number + 1, FETCH_INBOX: b""}) for number in range(2000)]
        burst = b"".join(frame(one) for one in tiny)
        device.ws.socket.setblocking(True)
        closed = None
        started = time.monotonic()
        try:
            for _ in range(total // len(tiny)):
                device.ws.send_raw(burst)
                for _ in tiny:
                    fields = decode(device.ws.receive(60)[1])
                    answered += 1
                    if ERROR in fields:
                        refused = Refused(fields[ERROR][0])
                        self.assertEqual(refused.status, 429)
                        self.assertGreater(refused.retry_after_ms, 0)
                        limited += 1
        except (Closed, OSError) as error:
            closed = error
        seconds = time.monotonic() - started
        served = answered - limited
        print(f"{answered} answers in {seconds:.1f} s, {limited} of them 429; closed: {closed}")
        self.assertTrue(closed is not None or answered == total)
        self.assertGreater(limited, 0)
        self.assertLess(served, 100 * (seconds + 2) + 64)
        other.call(COUNT_PRE_KEYS)
        text = self.server.request("GET", "/metrics", port=self.server.gateway_port)[2].decode()
        hits = [float(line.split()[-1]) for line in text.splitlines() if line.startswith("gateway_rate_limit_hits_total{")]
        self.assertGreater(sum(hits), 0)

    def test_guessing_passwords_is_slowed_down(self):
        seen = []
        for number in range(14):
            status, response, problem = self.server.request("POST", "/v1/login", {
                "username": f"victim{number % 3}", "password": f"guess number {number}"})
            seen.append(status)
            if status == 429:
                self.assertRegex(response.getheader("Retry-After"), r"^[1-9]\d*$")
                self.assertLessEqual(int(response.getheader("Retry-After")), 60)
        self.assertEqual(seen[:10], [401] * 10)
        self.assertIn(429, seen[10:])

    def test_connections_of_one_user_are_limited(self):
        device = Device(self.server, "eager", PASSWORD).register_device()
        seen = []
        for _ in range(45):
            try:
                open_gateway(self.server, device.access).close()
                seen.append(101)
            except UpgradeRefused as refused:
                seen.append(refused.status)
                self.assertIn("retry-after", refused.headers)
        self.assertEqual(set(seen), {101, 429})
        self.assertLessEqual(seen.count(101), 32)


class Requests(ServerCase):
    """HTTP/1.1 that two parsers could read in two ways, at both listeners."""

    def ports(self):
        return (self.server.auth_port, self.server.gateway_port)

    def answer(self, port, text):
        raw = RawTls(self.server, port)
        try:
            raw.send(text)
            return raw.read_all(8)
        except ConnectionError:
            return b""
        finally:
            raw.close()

    def test_ambiguous_requests_are_refused_and_the_connection_ends(self):
        smuggled = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
        login = "POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        for name, text in {
            "length and chunked": login + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
            "two lengths": login + "Content-Length: 0\r\nContent-Length: 38\r\n\r\n" + smuggled,
            "two equal lengths in one": login + "Content-Length: 0, 38\r\n\r\n" + smuggled,
            "signed length": login + "Content-Length: +0\r\n\r\n" + smuggled,
            "hex length": login + "Content-Length: 0x0\r\n\r\n" + smuggled,
            "huge length": login + "Content-Length: 99999999999999999999\r\n\r\n" + smuggled,
            "chunked twice": login + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + smuggled,
            "chunked is not last": login + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + smuggled,
            "spelled chunked": login + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled,
            "space before the colon": login + "Content-Length : 0\r\n\r\n" + smuggled,
            "folded line": "GET /health HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c: d\r\n\r\n" + smuggled,
            "bare line feed": "GET /health HTTP/1.1\nHost: a\n\n" + smuggled,
            "bare carriage return": "GET /health HTTP/1.1\r\nHost: a\rX: y\r\n\r\n" + smuggled,
            "no host": "GET /health HTTP/1.1\r\n\r\n" + smuggled,
            "two hosts": "GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + smuggled,
            "zero byte in a field": "GET /health HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n" + smuggled,
            "http/2 preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "another version": "GET /health HTTP/3.1\r\nHost: a\r\n\r\n" + smuggled,
            "tab in the request line": "GET\t/health HTTP/1.1\r\nHost: a\r\n\r\n" + smuggled,
            "too many fields": "GET /health HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n" * 200 + "\r\n" + smuggled,
            "too large a head": "GET /health HTTP/1.1\r\nHost: a\r\nX: " + "y" * 40000 + "\r\n\r\n" + smuggled,
        }.items():
            for port in self.ports():
                with self.subTest(name, port="auth" if port == self.server.auth_port else "gateway"):
                    data = self.answer(port, text)
                    self.assertLessEqual(data.count(b"HTTP/1.1 "), 1, data[:600])
                    if data:
                        self.assertRegex(data.split(b"\r\n")[0], rb"^HTTP/1\.1 (4\d\d|5\d\d) ")
                    self.assertNotIn(b'"status":"ok"', data)

    def test_odd_chunks_are_refused(self):
        head = ("POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                "Transfer-Encoding: chunked\r\n\r\n")
        for chunks in ("zz\r\n", "-1\r\n", "fffffffffffffffff\r\n", "2\r\n{}X\r\n0\r\n\r\n", "2\n{}\n0\n\n\r\n\r\n"):
            with self.subTest(chunks):
                data = self.answer(self.server.auth_port, head + chunks)
                self.assertRegex(data.split(b"\r\n")[0], rb"^HTTP/1\.1 4\d\d |^$")

    def test_old_and_broken_tls_is_refused(self):
        import ssl
        for port in self.ports():
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_ciphers("DEFAULT@SECLEVEL=0")
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(socket.create_connection(("127.0.0.1", port), 5)).close()
            plain = socket.create_connection(("127.0.0.1", port), 5)
            plain.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            plain.settimeout(5)
            try:
                self.assertNotIn(b"200", plain.recv(4096))
            except ConnectionError:
                pass
            plain.close()

    def test_methods_and_paths_that_do_not_exist(self):
        for method, path, wanted in (("GET", "/v1/nothing", 404), ("PUT", "/v1/login", 405), ("GET", "/v1/login", 405),
                                     ("GET", "/v1/../v1/setup", 404), ("GET", "/v1//setup", 404), ("GET", "/%2e%2e/x", 404),
                                     ("GET", "/v1/setup%00", 404)):
            with self.subTest(method=method, path=path):
                status, response, body = self.server.request(method, path)
                self.assertIn(status, (wanted, 400))
                self.assertEqual(body["status"], status)
                self.assertNotIn("/src/", json.dumps(body))


class SlowPeers(unittest.TestCase):
    def test_what_holds_a_connection_open_is_cut_off(self):
        """Half a request line, half a body, a TLS handshake that does not begin: all at once, to save time."""
        server = Server()
        self.addCleanup(server.close)
        server.start()
        head = "POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"
        silent = socket.create_connection(("127.0.0.1", server.gateway_port), 60)
        slow_head, slow_body = RawTls(server, server.gateway_port), RawTls(server, server.auth_port)
        self.addCleanup(silent.close)
        self.addCleanup(slow_head.close)
        self.addCleanup(slow_body.close)
        started = time.monotonic()
        ends = {}
        slow_head.send("GET /health HTTP/1.1\r\nHost: a\r\n")
        slow_body.send(head + "\r\n{")
        peers = {"handshake": silent, "head": slow_head.socket, "body": slow_body.socket}
        for peer in peers.values():
            peer.setblocking(False)
        while len(ends) < len(peers) and time.monotonic() - started < 45:
            for name, peer in peers.items():
                if name in ends:
                    continue
                try:
                    if name == "head":
                        peer.send(b"X")  # a byte now and then does not help
                    elif name == "body":
                        peer.send(b" ")
                    if peer.recv(4096) == b"":
                        ends[name] = time.monotonic() - started
                except (BlockingIOError, __import__("ssl").SSLWantReadError):
                    pass
                except OSError:
                    ends[name] = time.monotonic() - started
            time.sleep(0.2)
        print({name: round(seconds, 1) for name, seconds in ends.items()})
        self.assertEqual(set(ends), set(peers))
        self.assertLess(ends["handshake"], 15)
        self.assertLess(ends["head"], 15)

    def test_a_reader_that_does_not_read_is_sent_away_and_loses_nothing(self):
        server = Server(settings={"gateway.max_send_queue": "1MiB", "limits.messages_per_connection": "off"})
        self.addCleanup(server.close)
        server.start()
        writer, reader = Device(server, "writer", PASSWORD).ready(), Device(server, "reader", PASSWORD).ready()
        self.addCleanup(writer.close)
        self.addCleanup(reader.close)
        conversation = writer.open_direct(reader.user_id)
        count, size = 200, 90_000
        for number in range(count):
            writer.send(conversation, [reader.device_id], number.to_bytes(4, "big") * (size // 4))
        metrics = lambda: server.request("GET", "/metrics", port=server.gateway_port)[2].decode()
        wait_until(lambda: "gateway_slow_readers_total 1" in metrics(), 20, "the slow reader being sent away")
        reader.close()
        reader.connect()
        got, after = [], 0
        while len(got) < count:
            entries, _ = reader.inbox(after)
            self.assertTrue(entries)
            for entry in entries:
                after = first(entry, 1)
                got.append(int.from_bytes(first(entry, 9)[:4], "big"))
        self.assertEqual(got, list(range(count)))

    def test_silent_connections_are_given_up(self):
        server = Server(settings={"gateway.ping_interval": "300ms", "gateway.idle_timeout": "1s"})
        self.addCleanup(server.close)
        server.start()
        device = Device(server, "silent", PASSWORD).register_device().connect()
        self.addCleanup(device.close)
        time.sleep(2)  # reads nothing, so answers no ping
        metrics = server.request("GET", "/metrics", port=server.gateway_port)[2].decode()
        self.assertIn("gateway_connections_active 0", metrics)


class Json(ServerCase):
    def post(self, raw, path="/v1/login", headers=None):
        return self.server.request("POST", path, raw_body=raw if isinstance(raw, bytes) else raw.encode(),
                                   headers={"Content-Type": "application/json", **(headers or {})})

    def test_bombs_and_ambiguities_are_refused(self):
        good = '"username": "anna", "password": "%s"' % PASSWORD
        for name, raw in {
            "depth": "[" * 2000 + "]" * 2000, "deep objects": '{"a":' * 500 + "1" + "}" * 500, "cut depth": "[" * 4000,
            "duplicate keys": '{%s, "username": "berta"}' % good,
            "duplicate keys in disguise": '{%s, "user\\u006eame": "berta"}' % good,
            "lone surrogate": '{"username": "\\ud800", "password": "x"}',
            "reversed surrogates": '{"username": "\\udc00\\ud800", "password": "x"}',
            "overlong utf-8": b'{"username": "\xc0\xaf", "password": "x"}', "broken utf-8": b'{"username": "\xff"}',
            "byte order mark": b"\xef\xbb\xbf{}", "utf-16": '{"username": "a"}'.encode("utf-16"), "empty": "",
            "not an object": "[]", "null": "null", "NaN": '{"username": NaN}', "Infinity": '{"username": -Infinity}',
            "comment": "{%s /* */}" % good, "trailing comma": "{%s,}" % good, "single quotes": "{'username': 'a'}",
            "two values": "{%s} {%s}" % (good, good), "unknown member": '{%s, "admin": true}' % good,
            "wrong type": '{"username": 1, "password": "x"}', "list for text": '{"username": ["a"], "password": "x"}',
            "control character": '{"username": "a\nb", "password": "x"}', "leading zero": '{"username": 01}',
            "member missing": '{"username": "anna"}', "nul": '{"username": "a\\u0000b", "password": "x"}',
        }.items():
            with self.subTest(name):
                status, _, problem = self.post(raw)
                self.assertIn(status, (400, 401, 422) if name == "nul" else (400, 422), problem)
                self.assertTrue(problem["code"])

    def test_numbers_beyond_what_json_readers_agree_on(self):
        token = self.server.set_up()["access_token"]
        for number in ("9007199254740993", "1e400", "1" + "0" * 4000, "1.5", "-1", "1e3", "-0", "60.0000000000000001"):
            with self.subTest(number[:30]):
                status, _, problem = self.server.request(
                    "POST", "/v1/invitations", raw_body=b'{"expires_in": %s}' % number.encode(), token=token,
                    headers={"Content-Type": "application/json"})
                if number in ("1e3", "60.0000000000000001"):
                    self.assertIn(status, (201, 400, 422))
                else:
                    self.assertIn(status, (400, 422), problem)

    def test_bodies_over_the_limit_and_of_other_types(self):
        status = self.post('{"username": "%s"}' % ("a" * 10_000))[0]
        self.assertEqual(status, 413)
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"):
            self.assertEqual(self.post("{}", headers={"Content-Type": kind})[0], 415, kind)

    def test_a_body_is_the_same_with_charset_and_chunks(self):
        self.assertEqual(self.post('{"username":"nobody","password":"none at all"}',
                                   headers={"Content-Type": "application/json; charset=utf-8"})[0], 401)
        raw = RawTls(self.server, self.server.auth_port)
        self.addCleanup(raw.close)
        raw.send("POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                 '10\r\n{"username":"no"\r\n1b;x=y\r\n,"password":"none at all!"}\r\n0\r\n\r\n')
        self.assertIn(raw.response()[0], (400, 401))


if __name__ == "__main__":
    unittest.main()
