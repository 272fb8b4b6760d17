"""Two people with the real client go on talking while the server is killed again and again: each message that was sent is
shown, once, in order."""
import json
import os
import pathlib
import random
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from harness import Cli, Server, wait_until  # noqa: E402

KILLS = int(os.environ.get("UNHIDRA_CHAOS_CLIENT_KILLS", "12"))
SEED = int(os.environ.get("UNHIDRA_CHAOS_SEED", "20260718"))


class Client(unittest.TestCase):
    def test_a_conversation_through_many_kills(self):
        print(f"seed {SEED}, {KILLS} kills")
        server = Server(settings={"limits.refresh_per_ip": "off"})
        self.addCleanup(server.close)
        server.start()
        alice, bob = Cli(server, "alice"), Cli(server, "bob")
        alice.register("alice")
        bob.register("bob")
        alice.ok("send", "bob", "message 0")
        listener = bob.start("listen", json_output=True)
        heard = []

        def listen():
            for line in listener.stdout:
                entry = json.loads(line)
                if entry.get("type") == "message":
                    heard.append(entry["text"])

        reader = threading.Thread(target=listen, daemon=True)
        reader.start()
        stopping, sent, failures = threading.Event(), ["message 0"], []

        def send():
            while not stopping.is_set():
                text = f"message {len(sent)}"
                run = alice.run("send", "bob", text, "--timeout", "20", json_output=True)
                # Not sent in time is kept in the outbox and goes out with the next one; anything else is a defect.
                if run.returncode not in (0, 4):
                    failures.append(f"{run.returncode}: {run.stdout}{run.stderr}")
                    return
                sent.append(text)

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        source = random.Random(SEED)
        try:
            for _ in range(KILLS):
                time.sleep(source.uniform(0.1, 1.2))
                server.kill()
                server.start()
        finally:
            stopping.set()
            sender.join(60)
        self.assertEqual(failures, [])
        self.assertFalse(sender.is_alive())
        alice.ok("send", "bob", "the end")
        sent.append("the end")
        try:
            wait_until(lambda: "the end" in heard, 60, "the last message")
        finally:
            listener.terminate()
            listener.wait(20)
            listener.stderr.close()
            listener.stdin.close()
        print(f"{len(sent)} messages")
        self.assertEqual(heard, sent)
        self.assertGreater(len(sent), KILLS)
        history = [one["text"] for one in bob.json("history", "alice", "--limit", "0") if one.get("type") == "message"]
        self.assertEqual(history, sent)
        self.assertIn("every row is as it was written", server.admin("audit", "verify").stdout)


if __name__ == "__main__":
    unittest.main()
