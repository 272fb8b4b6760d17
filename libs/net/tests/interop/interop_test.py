#!/usr/bin/python3
"""Foreign clients against our server: Python's websockets, and curl. Exit code 77: nothing to run it with.

Usage: interop_test.py ECHO_SERVER
"""
import asyncio
import os
import shutil
import ssl
import subprocess
import sys
import tempfile

SKIPPED = 77


class Server:
    def __init__(self, program, certificate=None):
        arguments = [program] + ([certificate] if certificate else [])
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        if self.process.wait(20) != 0:
            raise SystemExit("the server did not stop in order")


async def check_websockets(websockets, url, context):
    options = {"ssl": context, "compression": None, "max_size": 8 << 20}
    async with websockets.connect(url + "/ws", subprotocols=["unhidra.v1", "other"], **options) as client:
        assert client.subprotocol == "unhidra.v1", client.subprotocol
        for size in (0, 1, 125, 126, 65535, 65536, 3_000_000):
            message = os.urandom(size)
            await client.send(message)
            assert await client.recv() == message, size
        await client.send("text with \u00e9\u4e16\U0001f600")
        assert await client.recv() == "text with \u00e9\u4e16\U0001f600"
        await client.send(["frag", "ment", "", "ed"])
        assert await client.recv() == "fragmented"
        await asyncio.wait_for(await client.ping(b"payload"), 5)
    assert client.close_code == 1000, client.close_code
    # An offer of compression is declined, and the connection works without it.
    async with websockets.connect(url + "/ws", ssl=context) as client:
        assert not client.extensions, client.extensions
        await client.send("plain")
        assert await client.recv() == "plain"
    for path, status in (("/deny", 403), ("/login", 401)):
        try:
            await websockets.connect(url + path, **options)
        except websockets.exceptions.InvalidStatusCode as error:
            assert error.status_code == status
        else:
            raise AssertionError(path)
    # Too big: the server says 1009.
    async with websockets.connect(url + "/ws", **options) as client:
        try:
            await client.send(b"x" * (5 << 20))
            await client.recv()
        except websockets.exceptions.ConnectionClosed:
            pass
        assert client.close_code == 1009, client.close_code
    clients = await asyncio.gather(*(websockets.connect(url + "/ws", **options) for _ in range(100)))
    await asyncio.gather(*(client.send(str(i)) for i, client in enumerate(clients)))
    answers = await asyncio.gather(*(client.recv() for client in clients))
    assert answers == [str(i) for i in range(100)]
    await asyncio.gather(*(client.close() for client in clients))


def check_curl(url, *options):
    def curl(*arguments, data=None):
        command = ["curl", "-sS", "--http1.1", "--max-time", "20", *options, *arguments]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout

    assert curl(url + "/a?b=c") == b"GET /a?b=c"
    assert curl(url + "/1", url + "/2") == b"GET /1?GET /2?"
    body = os.urandom(2_000_000)
    assert curl("--data-binary", "@-", url + "/", data=body) == body  # with Expect: 100-continue
    assert curl("-H", "Transfer-Encoding: chunked", "--data-binary", "@-", url + "/", data=body) == body
    assert b"200 OK" in curl("-I", url + "/")
    assert curl("-o", "/dev/null", "-w", "%{http_code}", "--data", "x" * 11, url + "/small") == b"413"
    assert len(curl(url + "/big")) == 4 << 20


def main():
    program = sys.argv[1]
    ran = 0
    with tempfile.TemporaryDirectory() as folder:
        certificate = os.path.join(folder, "certificate.pem")
        with Server(program) as plain, Server(program, certificate) as secure:
            try:
                import websockets
            except ImportError:
                print("SKIPPED: python3-websockets is not installed")
            else:
                context = ssl.create_default_context(cafile=certificate)
                asyncio.run(check_websockets(websockets, f"ws://127.0.0.1:{plain.port}", None))
                asyncio.run(check_websockets(websockets, f"wss://localhost:{secure.port}", context))
                ran += 1
            if shutil.which("curl"):
                check_curl(f"http://127.0.0.1:{plain.port}")
                check_curl(f"https://localhost:{secure.port}", "--cacert", certificate)
                ran += 1
            else:
                print("SKIPPED: curl is not installed")
    print(f"{ran} of 2 foreign clients agreed")
    return 0 if ran else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
