"""A virus scanner for the tests: no real one has signatures for harmless files."""
import socket
import struct
import threading


class Scanner:
    """Speaks clamd's protocol; finds what contains its pattern."""

    def __init__(self, pattern=b"EVIL", limit=None):
        self.pattern, self.limit, self.scanned = pattern, limit, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                command = b""
                while not command.endswith(b"\0"):
                    command += stream.read(1) or b"\0"
                if command == b"zVERSION\0":
                    connection.sendall(b"ClamAV 9.9.9/1/today\0")
                elif command == b"zINSTREAM\0":
                    connection.sendall(self.scan(stream) + b"\0")

    def scan(self, stream):
        content = b""
        while size := struct.unpack("!I", stream.read(4))[0]:
            content += stream.read(size)
            if self.limit and len(content) > self.limit:
                return b"INSTREAM size limit exceeded. ERROR"
        self.scanned.append(content)
        return b"stream: Test-Signature FOUND" if self.pattern in content else b"stream: OK"

    def close(self):
        self.socket.close()
