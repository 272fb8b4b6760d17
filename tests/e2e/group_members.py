"""Members of device groups, for the tests that need some: the program group_member."""
import base64
import subprocess
import threading
import time
import uuid

import paho.mqtt.client as paho

from programs import program

TELEMETRY, STATE, COMMAND, RESULT = range(4)
DEVICE, CONTROLLER, HUB = 1, 2, 3


class Member:
    """The program group_member: keys and sealed payloads of one member."""

    def __init__(self, case, identifier):
        self.id = identifier
        self.process = subprocess.Popen([program("group_member")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        case.addCleanup(self.close)
        self.agreement, self.signing = self.ok("new", identifier)

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def say(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()

    def ok(self, *words):
        answer = self.say(*words)
        assert answer[0] == "ok", (words[0], answer)
        return answer[1:]

    def listed(self, role):
        return f"{self.id}:{self.agreement}:{self.signing}:{role}"

    def seal(self, topic, kind, text, retained=False, request=None, lasts=30):
        needs = kind in (COMMAND, RESULT)
        deadline = int((time.time() + lasts) * 1000) if kind == COMMAND else 0
        return bytes.fromhex(self.ok("seal", topic, kind, int(retained), text.encode().hex(),
                                     (request or uuid.uuid4().bytes).hex() if needs else "-", deadline)[0])

    def open(self, topic, payload, retained=False, now=None):
        """Sender, kind and text; or the refusal's code."""
        answer = self.say("open", topic, int(retained), payload.hex() or "-", int((now or time.time()) * 1000))
        return (answer[1], int(answer[3]), bytes.fromhex(answer[4]).decode()) if answer[0] == "ok" else answer[1]

    def code(self):
        """What it shows when it is commissioned."""
        return base64.urlsafe_b64encode(bytes.fromhex(self.agreement + self.signing)).rstrip(b"=").decode()


class Light:
    """An IoT device that obeys: takes the keys that lie in the broker for it, and answers commands."""

    def __init__(self, case, device, files, owner, locked=False):
        self.member, self.owner, self.locked = Member(case, device), owner, locked
        self.lock, self.joined, self.deaf = threading.Lock(), [], False
        self.obeyed, self.refused, self.challenge = [], [], None
        self.client = paho.Client(client_id=device, protocol=paho.MQTTv5)
        self.client.tls_set(str(case.server.ca), *files)
        self.client.on_connect = lambda client, data, flags, code, properties: client.subscribe(f"devices/{device}/#", qos=1)
        self.client.on_message = self.take
        self.client.connect("127.0.0.1", case.server.mqtts_port)
        self.client.loop_start()
        case.addCleanup(self.client.loop_stop)
        case.addCleanup(self.client.disconnect)

    def take(self, client, data, message):
        what = message.topic.split("/")[2]
        with self.lock:
            if what == "group" and message.payload:
                self.joined.append(self.member.say("take", self.owner, message.payload.hex()))
            elif what == "command":
                self.command(message)

    def command(self, message):
        answer = self.member.say("open", message.topic, int(message.retain), message.payload.hex(), int(time.time() * 1000))
        if answer[0] != "ok":
            self.refused.append(answer[1])
            return
        _, sender, role, kind, body, request, challenge = answer
        if self.deaf:
            return
        if self.locked and challenge != self.challenge:
            self.challenge = uuid.uuid4().hex
            self.answer("challenge", request, self.challenge)
            return
        self.challenge = None
        text = bytes.fromhex(body).decode()
        self.obeyed.append((sender, int(role), text))
        self.answer(f"done {text}", request)

    def answer(self, text, request, *challenge):
        topic = f"devices/{self.member.id}/result"
        sealed = self.member.ok("seal", topic, RESULT, 0, text.encode().hex(), request, 0, *challenge)[0]
        self.client.publish(topic, bytes.fromhex(sealed), qos=1)

    def say(self, what, kind, text, retained=False):
        topic = f"devices/{self.member.id}/{what}"
        with self.lock:
            sealed = self.member.seal(topic, kind, text, retained)
        self.client.publish(topic, sealed, qos=1, retain=retained)
