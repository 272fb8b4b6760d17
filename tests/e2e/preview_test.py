"""Pictures that the command-line client sends carry their size and a small copy; hostile ones harm nobody."""
import pathlib
import random
import struct
import subprocess
import time
import unittest
import zlib

from file_test import FileCase
from harness import clean_environment
from programs import program

CHANNELS = {0: 1, 2: 3, 6: 4}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, color=2, row=None, interlaced=0):
    """`row`: the bytes of row y; without it all are zero."""
    empty = bytes(CHANNELS[color] * width)
    packer, data = zlib.compressobj(1), b""
    for y in range(height):
        data += packer.compress(b"\0" + (row(y) if row else empty))
    header = struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data + packer.flush()) + chunk(b"IEND", b"")


def noise(width, height, color=2):
    source = random.Random(1)
    return png(width, height, color, lambda y: source.randbytes(CHANNELS[color] * width))


def look(path):
    """What the child that looks at pictures says: size, size of the small copy, the small copy; nothing when it refuses."""
    began = time.monotonic()
    with open(path, "rb") as picture:
        done = subprocess.run([program("unhidra-cli"), "--look-at-picture"], stdin=picture, capture_output=True, timeout=30,
                              env=clean_environment())
    if done.returncode != 0:
        return None, done.returncode, time.monotonic() - began
    numbers = struct.unpack(">5I", done.stdout[:20])
    return (numbers[:2], numbers[2:4], done.stdout[20:]), 0, time.monotonic() - began


def jpeg_size(data):
    at = 2
    while data[at + 1] not in (0xc0, 0xc2):
        at += 2 + struct.unpack(">H", data[at + 2:at + 4])[0]
    height, width = struct.unpack(">HH", data[at + 5:at + 9])
    return width, height


def turned(jpeg, orientation):
    """As a camera writes it that was held on its side."""
    exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + b"\0\0\0\0\0\0"
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


class Pictures(FileCase):
    server_settings = {"limits.login_per_account": "off"}

    def write(self, name, data):
        path = pathlib.Path(self.folder) / name
        path.write_bytes(data)
        return path

    def test_a_picture_comes_with_its_size_and_a_small_copy(self):
        ann, bob = self.pair()
        big = self.write("big.png", noise(1200, 900))
        small = self.write("small.png", png(20, 10))
        ann.ok("send-file", bob.username, str(big), str(small))
        received = bob.json("listen", "--count", "1", "--timeout", "30")[-1]["files"]
        self.assertEqual([(one["width"], one["height"]) for one in received], [(1200, 900), (20, 10)])
        self.assertEqual(received[0]["preview"], {"width": 480, "height": 360})
        self.assertNotIn("preview", received[1], "a small picture is its own preview")
        copy = self.folder / "copy.jpg"
        bob.ok("save", ann.username, "last", "--preview", "--output", str(copy))
        self.assertEqual(jpeg_size(copy.read_bytes()), (480, 360))
        bob.ok("save", ann.username, "last", "--output", str(self.folder / "whole.png"))
        self.assertEqual((self.folder / "whole.png").read_bytes(), big.read_bytes())
        self.assertEqual(bob.run("save", ann.username, "last", "--number", "2", "--preview", "--output", "x").returncode, 6)
        for path in self.objects():
            self.assertNotIn(b"\xff\xd8\xff", path.read_bytes()[:64], "the small copy is encrypted too")
        uploads = ann.profile / "uploads"
        self.assertEqual(list(uploads.iterdir()), [])

    def test_what_is_no_picture_goes_without(self):
        ann, bob = self.pair()
        broken = self.write("broken.png", noise(1200, 900)[:200_000])
        done = ann.run("send-file", bob.username, str(broken))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("broken.png goes without a preview", done.stderr)
        received = bob.json("listen", "--count", "1", "--timeout", "30")[-1]["files"][0]
        self.assertFalse({"width", "preview"} & set(received))

    def test_a_camera_that_was_held_on_its_side(self):
        (_, size, jpeg), _, _ = look(self.write("noise.png", noise(640, 480)))
        self.assertEqual(size, (480, 360))
        plain, _, _ = look(self.write("plain.jpg", jpeg))
        (whole, small, copy), _, _ = look(self.write("turned.jpg", turned(jpeg, 6)))
        self.assertEqual((plain[0], whole, small), ((480, 360), (360, 480), (360, 480)))
        if copy:
            self.assertEqual(jpeg_size(copy), (360, 480))
            self.assertNotIn(b"Exif", copy, "where a picture was taken is nobody's concern")

    def test_hostile_pictures_end_the_child_and_nothing_else(self):
        header = b"\x89PNG\r\n\x1a\n"
        whole = noise(800, 600)
        jpeg = look(self.write("source.png", whole))[0][2]
        hostile = {
            "huge sides": header + chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0)) + bytes(150_000),
            "no sides": header + chunk(b"IHDR", struct.pack(">IIBBBBB", 0, 0, 8, 2, 0, 0, 0)) + bytes(150_000),
            "a gigapixel of nothing": png(32_000, 32_000, 0),
            "an interlaced one": png(60_000, 60_000, 0, lambda y: b"", 1)[:200_000],
            "a text that unfolds": header + chunk(b"IHDR", struct.pack(">IIBBBBB", 10, 10, 8, 2, 0, 0, 0))
                                  + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 30), 9)) + bytes(1000),
            "a large JPEG": jpeg.replace(struct.pack(">HH", 360, 480), struct.pack(">HH", 65_500, 65_500), 1),
            "nothing": b"", "a word": b"picture", "only the mark": header,
        }
        source = random.Random(2)
        for name, data in (("png", whole), ("jpg", jpeg)):
            for part in (3, 50, 97):
                hostile[f"{part} % of a {name}"] = data[:len(data) * part // 100]
        for name, data in hostile.items():
            with self.subTest(name):
                said, code, seconds = look(self.write("hostile", data))
                self.assertIsNone(said)
                self.assertEqual(code, 1, "it gives up; it does not crash")
                self.assertLess(seconds, 15)
        for i in range(60):  # whatever comes of these, it is an end
            broken = bytearray(whole[:60_000] if i % 2 else jpeg)
            for _ in range(20):
                broken[source.randrange(8, len(broken))] = source.randrange(256)
            _, code, seconds = look(self.write("broken", bytes(broken)))
            self.assertIn(code, (0, 1))
            self.assertLess(seconds, 15)


if __name__ == "__main__":
    unittest.main()
