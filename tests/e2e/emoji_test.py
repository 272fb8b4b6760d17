"""Emoji with pictures from the command line: brought, seen by others, taken back; what cannot be one is refused with a reason."""
import struct
import unittest
import zlib

from file_test import FileCase
from preview_test import chunk, jpeg_size, look, noise, png


def gif(width, height, note=b""):
    """GIF89a of one black frame of 2 x 2 pixels on a screen of that size."""
    comment = b"\x21\xfe" + bytes([len(note)]) + note + b"\0" if note else b""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 2, 2, 0) + b"\x02\x04\x04\x41\x10\x05\x00"
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0\0\0\0\xff\xff\xff" + comment + frame + b"\x3b"


def webp(width, height):
    """The head of an extended WebP (RFC 9649, section 2.7), which nothing here draws."""
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", len(body)) + body


def parts(picture):
    """The chunks of a PNG."""
    out, at = [], 8
    while at < len(picture):
        size, kind = struct.unpack(">I4s", picture[at:at + 8])
        out.append((kind, picture[at + 8:at + 8 + size]))
        at += size + 12
    return out


def noted(picture, text):
    """With what a camera or a person may have written beside its pixels."""
    return picture[:33] + chunk(b"tEXt", b"Comment\0" + text) + picture[33:]


class Emoji(FileCase):
    server_settings = {"limits.login_per_account": "off"}

    def write(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    def met(self):
        ann, bob = self.pair()
        ann.ok("send", bob.username, "hello")
        bob.ok("listen", "--once", "--timeout", "30")
        return ann, bob

    def names(self, cli, peer):
        return [one["name"] for one in cli.json("emoji", peer.username)]

    def test_a_picture_is_drawn_anew_and_reaches_the_others(self):
        ann, bob = self.met()
        source = noted(png(512, 300, 6, lambda y: bytes([255, 0, 0, 128]) * 512), b"where-it-was-taken")
        ann.ok("emoji", bob.username, "--add", self.write("Party Parrot.png", source))
        self.assertEqual(self.names(ann, bob), ["party_parrot"])
        received = bob.json("listen", "--count", "1", "--timeout", "30")[-1]
        self.assertEqual(received["brings_emoji"], "party_parrot")
        self.assertIn("brought by " + ann.username, bob.ok("emoji", ann.username))
        saved = self.folder / "saved.png"
        bob.ok("save", ann.username, "last", "--output", str(saved))
        kinds = parts(saved.read_bytes())
        width, height, depth, color = struct.unpack(">IIBB", kinds[0][1][:10])
        self.assertEqual((width, height, depth, color), (128, 75, 8, 6), "scaled, and transparent as it was")
        self.assertEqual({kind for kind, _ in kinds}, {b"IHDR", b"IDAT", b"IEND"}, "nothing beside its pixels")
        row = zlib.decompress(b"".join(data for kind, data in kinds if kind == b"IDAT"))
        self.assertEqual(len(row), 75 * (1 + 4 * 128))
        bob.ok("react", ann.username, "last", ":party_parrot:")
        self.assertStoredNowhere(["party_parrot"], ann.username)
        self.assertEqual(list((ann.profile / "uploads").iterdir()), [])

    def test_a_photograph_becomes_one_too(self):
        ann, bob = self.met()
        (_, _, jpeg), _, _ = look(self.write("noise.png", noise(640, 480)))
        self.assertEqual(jpeg_size(jpeg), (480, 360))
        ann.ok("emoji", bob.username, "--add", self.write("us.jpg", jpeg), "--name", "us+2")
        emoji, = ann.json("emoji", bob.username)
        self.assertEqual((emoji["name"], emoji["media_type"]), ("us+2", "image/png"))
        self.assertLessEqual(emoji["size"], 65536)

    def test_what_may_move_stays_as_it_is(self):
        ann, bob = self.met()
        for name, data in (("dance.gif", gif(200, 256, b"by me")), ("wave.webp", webp(256, 40))):
            ann.ok("emoji", bob.username, "--add", self.write(name, data))
            bob.ok("listen", "--count", "1", "--timeout", "30")
            saved = self.folder / ("saved-" + name)
            bob.ok("save", ann.username, "last", "--output", str(saved))
            self.assertEqual(saved.read_bytes(), data)
        self.assertEqual([(one["name"], one["media_type"]) for one in bob.json("emoji", ann.username)],
                         [("dance", "image/gif"), ("wave", "image/webp")])

    def test_what_cannot_be_one_is_refused_and_leaves_nothing(self):
        ann, bob = self.met()
        before = self.objects()
        unfit = {
            "wide.gif": gif(257, 10), "high.webp": webp(10, 257), "heavy.gif": gif(20, 20) + bytes(65536), "flat.gif": gif(0, 9),
            "text.png": b"no picture at all", "cut.png": noise(300, 300)[:20_000], "huge.png": png(32_000, 32_000, 0),
            "empty.png": b"", "short.webp": webp(9, 9)[:20],
        }
        for name, data in unfit.items():
            with self.subTest(name):
                done = ann.run("emoji", bob.username, "--add", self.write(name, data))
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn("cannot be an emoji", done.stderr)
        good = self.write("good.png", png(20, 20))
        self.assertEqual(ann.run("emoji", bob.username, "--add", str(self.folder / "nowhere.png")).returncode, 6)
        self.assertEqual(ann.run("emoji", bob.username, "--name", "good").returncode, 2)
        self.assertEqual(ann.run("emoji", bob.username, "--add", good, "--remove", "good").returncode, 2)
        done = ann.run("emoji", bob.username, "--add", good, "--name", "Not This")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the name of an emoji has", done.stderr)
        self.assertEqual(self.names(ann, bob), [])
        self.assertEqual(list((ann.profile / "uploads").iterdir()), [])
        self.assertEqual(self.objects(), before, "what was uploaded for a wrong name is taken away again")

    def test_a_name_is_given_once_and_its_bringer_takes_it_back(self):
        ann, bob = self.met()
        picture = self.write("parrot.png", png(64, 64))
        ann.ok("emoji", bob.username, "--add", picture)
        bob.ok("listen", "--count", "1", "--timeout", "30")
        done = bob.run("emoji", ann.username, "--add", picture)
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is an emoji :parrot: here already", done.stderr)
        done = bob.run("emoji", ann.username, "--remove", "parrot")
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"who brought it takes it back ({ann.username})", done.stderr)
        self.assertEqual(bob.run("emoji", ann.username, "--remove", "duck").returncode, 6)
        self.assertTrue(ann.json("emoji", bob.username, "--remove", ":parrot:")[-1]["taken_back"])
        bob.ok("read", ann.username)
        self.assertEqual((self.names(ann, bob), self.names(bob, ann)), ([], []))
        bob.ok("emoji", ann.username, "--add", picture)
        self.assertEqual(self.names(bob, ann), ["parrot"])


if __name__ == "__main__":
    unittest.main()
