"""A second, small implementation of the gateway's protocol for tests: Protobuf wire format, WebSocket frames that may be
wrong on purpose, and a device that publishes real keys. Written from api/proto and docs/security.md alone."""
import base64
import hashlib
import http.client
import os
import socket
import struct
import time
import uuid

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519

RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)

# Field numbers of ClientFrame, ServerFrame.
AUTHENTICATE, SET_PRESENCE, WATCH_PRESENCE = 10, 11, 12
LOOK_UP_USER, PUBLISH_KEYS, COUNT_PRE_KEYS, FETCH_BUNDLES, FETCH_KEY_DIGEST = 20, 21, 22, 23, 24
PUBLISH_DEVICE_LIST, FETCH_DEVICE_LISTS, LIST_PENDING = 25, 26, 27
OPEN_DIRECT, LIST_CONVERSATIONS, SEND_MESSAGE, FETCH_INBOX, ACKNOWLEDGE_INBOX, FETCH_LOG = 40, 41, 42, 43, 44, 45
SET_CHAT_POLICY, CREATE_SPACE = 63, 70
ERROR, DONE, HELLO, INBOX_ENTRY, CLOSING = 2, 3, 100, 101, 105


# ---- Protobuf ----

def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def encode(fields):
    """{number: int | bytes | str | dict | list of them} as a message; values that are None are left out."""
    out = b""
    for number, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            if one is None:
                continue
            if isinstance(one, int):
                out += varint(number << 3) + varint(one)
                continue
            data = encode(one) if isinstance(one, dict) else one.encode() if isinstance(one, str) else bytes(one)
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def decode(data):
    """A message as {number: [values]}; sub-messages stay bytes."""
    out, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = number()
        if key & 7 == 0:
            value = number()
        elif key & 7 == 2:
            size = number()
            value = data[at:at + size]
            at += size
        else:
            raise ValueError(f"wire type {key & 7}")
        out.setdefault(key >> 3, []).append(value)
    return out


def first(message, number, default=None):
    return message.get(number, [default])[0]


class Refused(Exception):
    """The Error message of a ServerFrame."""

    def __init__(self, body):
        fields = decode(body)
        self.code = first(fields, 1, b"").decode()
        self.message = first(fields, 2, b"").decode()
        self.status = first(fields, 3, 0)
        self.retry_after_ms = first(fields, 4, 0)
        super().__init__(f"{self.status} {self.code}: {self.message}")


# ---- WebSocket (RFC 6455) ----

class Closed(Exception):
    """The peer closed, with a close frame (code, reason) or without (None)."""

    def __init__(self, code=None, reason=""):
        self.code, self.reason = code, reason
        super().__init__(f"closed: {code} {reason}")


class UpgradeRefused(Exception):
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        super().__init__(f"{status} {body[:300]!r}")


TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(payload=b"", opcode=BINARY, fin=True, rsv=0, mask=True, length=None):
    """One frame; `length` may lie."""
    size = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    flag = 0x80 if mask else 0
    if size < 126:
        head += bytes([flag | size])
    elif size < 1 << 16:
        head += bytes([flag | 126]) + struct.pack(">H", size)
    else:
        head += bytes([flag | 127]) + struct.pack(">Q", size)
    if not mask:
        return head + payload
    key = os.urandom(4)
    repeated = int.from_bytes((key * (len(payload) // 4 + 1))[:len(payload)], "big")
    masked = (int.from_bytes(payload, "big") ^ repeated).to_bytes(len(payload), "big")
    return head + key + masked


class WebSocket:
    """A client connection; raises UpgradeRefused when the server does not switch protocols."""

    def __init__(self, context, port, path="/v1/ws", protocols=(), headers=None, timeout=20, host="127.0.0.1"):
        plain = socket.create_connection((host, port), timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname=host)
        self.buffer = b""
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode()]
        if protocols:
            lines.append("Sec-WebSocket-Protocol: " + ", ".join(protocols))
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        try:
            self.socket.sendall("\r\n".join(lines + ["", ""]).encode())
            self._read_upgrade()
        except BaseException:
            self.socket.close()
            raise

    def _read_upgrade(self):
        while b"\r\n\r\n" not in self.buffer:
            self._fill()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        self.headers = {name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines[1:])}
        if status != 101:
            body = self.buffer
            while len(body) < int(self.headers.get("content-length", "0")):
                data = self.socket.recv(65536)
                if not data:
                    break
                body += data
            raise UpgradeRefused(status, self.headers, body)

    def _fill(self):
        data = self.socket.recv(65536)
        if not data:
            raise Closed()
        self.buffer += data

    def _take(self, size):
        while len(self.buffer) < size:
            self._fill()
        out, self.buffer = self.buffer[:size], self.buffer[size:]
        return out

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, payload, opcode=BINARY, **options):
        self.send_raw(frame(payload, opcode, **options))

    def receive(self, timeout=20):
        """The next message as (opcode, payload); answers pings; raises Closed."""
        deadline = time.monotonic() + timeout
        while True:
            # A frame is taken from the buffer only when it is whole, so that a timeout loses nothing.
            while not (size := self._frame_size()) or len(self.buffer) < size:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError("nothing was received")
                self.socket.settimeout(left)
                try:
                    self._fill()
                except ConnectionError:
                    raise Closed() from None
            opcode, payload = self._next_frame(size)
            if opcode == PING:
                self.send(payload, PONG)
            elif opcode == CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
                raise Closed(code, payload[2:].decode(errors="replace"))
            elif opcode != PONG:
                return opcode, payload

    def _frame_size(self):
        if len(self.buffer) < 2:
            return None
        short = self.buffer[1] & 0x7F
        if short < 126:
            return 2 + short
        extra = 2 if short == 126 else 8
        if len(self.buffer) < 2 + extra:
            return None
        return 2 + extra + int.from_bytes(self.buffer[2:2 + extra], "big")

    def _next_frame(self, size):
        data = self._take(size)
        short = data[1] & 0x7F
        if data[1] & 0x80 or data[0] & 0x70:
            raise AssertionError("a server's frame is neither masked nor has it reserved bits")
        return data[0] & 0xF, data[2 + {126: 2, 127: 8}.get(short, 0):]

    def expect_close(self, timeout=20):
        """Reads on until the peer closes; answers (code, reason)."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.receive(max(0.001, deadline - time.monotonic()))
            except Closed as closed:
                return closed.code, closed.reason
            except (ConnectionError, OSError) as error:
                if isinstance(error, TimeoutError):
                    raise
                return None, ""

    def close(self):
        try:
            self.socket.close()
        except OSError:
            pass


# ---- a device ----

def now_us():
    return time.time_ns() // 1000


def labelled(label):
    return struct.pack(">I", len(label)) + label.encode()


class Device:
    """An account's device that speaks REST and gateway frames. Its ciphertexts are opaque bytes."""

    def __init__(self, server, username, password, tokens=None, sign_up=True, organization=None, invitation=None,
                 http_timeout=20):
        self.server, self.username, self.password = server, username, password
        self.http_timeout = http_timeout
        self.events, self.answers, self.ws, self.next_request = [], {}, None, 0
        if tokens is None:
            body = {"username": username, "password": password}
            if organization:
                body["organization"] = organization
            if invitation:
                body["invitation"] = invitation
            tokens = self._must(201 if sign_up else 200, "POST", "/v1/register" if sign_up else "/v1/login", body)
        self.tokens = tokens
        self.access = tokens["access_token"]
        self.refresh = tokens["refresh_token"]
        self.user_id = uuid.UUID(tokens["user_id"]).bytes
        self.session_id = tokens["session_id"]

    def _must(self, status, method, path, body=None, token=None):
        got, _, data = self.server.request(method, path, body, token)
        if got != status:
            raise AssertionError(f"{method} {path}: {got} instead of {status}: {data}")
        return data

    def rest(self, method, path, body=None, **options):
        """(status, decoded answer) of a REST call as this user."""
        status, _, data = self.server.request(method, path, body, self.access, **options)
        return status, data

    def register_device(self, name="test"):
        made = self._must(201, "POST", "/v1/devices", {"name": name, "platform": "test"}, self.access)
        self.access = made["access_token"]
        self.device_id = uuid.UUID(made["device_id"]).bytes
        return self

    def connect(self, **options):
        self.ws = open_gateway(self.server, self.access, **options)
        self.answers, self.events = {}, []
        kind, hello = self.receive_frame()
        if kind != HELLO:
            raise AssertionError(f"the first event is {kind}, not Hello")
        self.hello = decode(hello)
        return self

    def close(self):
        if self.ws:
            self.ws.close()
            self.ws = None

    # -- frames --
    def receive_frame(self, timeout=20):
        """The next event as (field, body); answers of requests are kept for result()."""
        while True:
            if self.events:
                return self.events.pop(0)
            self._read(timeout)

    def _read(self, timeout):
        opcode, payload = self.ws.receive(timeout)
        if opcode != BINARY:
            raise AssertionError("frames are binary")
        fields = decode(payload)
        request = first(fields, 1, 0)
        kind = next((number for number in fields if number != 1), None)
        body = first(fields, kind, b"")
        if request == 0:
            self.events.append((kind, body))
        else:
            self.answers[request] = (kind, body)

    def post(self, field, body=b""):
        """Sends a request; answers its id."""
        self.next_request += 1
        payload = encode(body) if isinstance(body, dict) else body
        self.ws.send(encode({1: self.next_request, field: payload}))
        return self.next_request

    def result(self, request, timeout=20):
        while request not in self.answers:
            self._read(timeout)
        kind, body = self.answers.pop(request)
        if kind == ERROR:
            raise Refused(body)
        return kind, decode(body)

    def call(self, field, body=b"", timeout=20):
        """The decoded answer; raises Refused."""
        return self.result(self.post(field, body), timeout)[1]

    def refusal(self, field, body=b""):
        """The Refused that the request must end with."""
        try:
            answer = self.call(field, body)
        except Refused as refused:
            return refused
        raise AssertionError(f"request {field} was not refused: {answer}")

    # -- keys --
    def make_keys(self):
        self.identity = x25519.X25519PrivateKey.generate().public_key().public_bytes(*RAW)
        self.signing = ed25519.Ed25519PrivateKey.generate()
        self.account_key = ed25519.Ed25519PrivateKey.generate()
        self.last_prekey = 0

    def signed_prekey(self, number=1, last_resort=False, key=None, created=None):
        key = key or x25519.X25519PrivateKey.generate().public_key().public_bytes(*RAW)
        created = created or now_us()
        content = (labelled("unhidra signed prekey 1") + self.device_id + struct.pack(">I", number) + key +
                   struct.pack(">QB", created, last_resort))
        return {1: number, 2: key, 3: created, 4: self.signing.sign(content)}

    def one_time_prekeys(self, count):
        out = []
        for _ in range(count):
            self.last_prekey += 1
            out.append({1: self.last_prekey, 2: x25519.X25519PrivateKey.generate().public_key().public_bytes(*RAW)})
        return out

    def signing_public(self):
        return self.signing.public_key().public_bytes(*RAW)

    def publish_keys(self, one_time=10):
        self.make_keys()
        self.call(PUBLISH_KEYS, {1: self.identity, 2: self.signing_public(), 3: self.signed_prekey(1),
                                 4: self.signed_prekey(1, last_resort=True), 5: self.one_time_prekeys(one_time)})

    def add_prekeys(self, count):
        self.call(PUBLISH_KEYS, {1: self.identity, 2: self.signing_public(), 5: self.one_time_prekeys(count)})

    def device_list(self, version=1, previous=bytes(32), others=()):
        devices = sorted([(self.device_id, self.identity, self.signing_public()), *others])
        content = (b"\x01" + self.user_id + self.account_key.public_key().public_bytes(*RAW) +
                   struct.pack(">Q", version) + previous + struct.pack(">QH", now_us(), len(devices)) +
                   b"".join(b"".join(one) for one in devices))
        return content + self.account_key.sign(labelled("unhidra device list 1") + content)

    def publish_list(self):
        self.document = self.device_list()
        self.call(PUBLISH_DEVICE_LIST, {1: self.document})

    def ready(self, one_time=10):
        """Everything a first device does before it can write to somebody."""
        self.register_device().connect()
        self.publish_keys(one_time)
        self.publish_list()
        return self

    # -- conversations --
    def open_direct(self, other):
        return first(self.call(OPEN_DIRECT, {1: other}), 1)

    def message(self, conversation, recipients, ciphertext, message_id=None):
        return {1: conversation, 2: message_id or uuid7(), 3: now_us(),
                4: [{1: device, 2: ciphertext} for device in recipients]}

    def send(self, conversation, recipients, ciphertext, message_id=None):
        """seq and time of an accepted message."""
        answer = self.call(SEND_MESSAGE, self.message(conversation, recipients, ciphertext, message_id))
        if 1 not in answer:
            raise AssertionError("stale devices")
        return decode(answer[1][0])

    def inbox(self, after=0, limit=0):
        answer = self.call(FETCH_INBOX, {1: after or None, 2: limit or None})
        return [decode(entry) for entry in answer.get(1, [])], first(answer, 2, 0)


def uuid7():
    """A fresh UUID version 7, 16 bytes."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 7 << 76
    return (value & ~(3 << 62) | 2 << 62).to_bytes(16, "big")


def open_gateway(server, token, headers=None, protocols=None, **options):
    return WebSocket(server.ssl_context(), server.gateway_port, server.gateway_path,
                     ["unhidra.v1", f"bearer.{token}"] if protocols is None else protocols, headers, **options)


# ---- JSON Web Tokens ----

def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def digest(data):
    return hashlib.sha256(data).digest()


class RawTls:
    """Bytes to and from a TLS listener, for requests that no HTTP library would send."""

    def __init__(self, server, port, timeout=20):
        plain = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket = server.ssl_context().wrap_socket(plain, server_hostname="127.0.0.1")

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def read_all(self, timeout=20):
        """What comes until the peer closes; raises TimeoutError when it does not."""
        self.socket.settimeout(timeout)
        out = b""
        while True:
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                raise
            except OSError:
                return out
            if not data:
                return out
            out += data

    def response(self, timeout=20):
        """(status, body) of the next answer."""
        self.socket.settimeout(timeout)
        answer = http.client.HTTPResponse(self.socket)
        answer.begin()
        return answer.status, answer.read()

    def close(self):
        self.socket.close()
