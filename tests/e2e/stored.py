"""What a server has stored, and which texts can be found in it.

Raw files do not tell everything: PostgreSQL compresses long values, SQLite spreads them over pages. So every database is
dumped besides (sqlite3's iterdump, pg_dump). A text is looked for in the forms in which a program stores one by mistake.

    stored.py DATA_DIR KNOWN [POSTGRESQL_URL]    reads a JSON list of texts and prints a JSON list of what it found;
                                                 bytes are written as Node's Buffer is: {"data": [...]}
"""
import base64
import contextlib
import glob
import json
import pathlib
import sqlite3
import subprocess
import sys


def forms(text):
    """Form -> bytes to look for; texts that differ in case only count as the same, but in Base64."""
    data = text if isinstance(text, bytes) else text.encode()
    out = {"plain": data.lower(), "hexadecimal": data.hex().encode()}
    if isinstance(text, str):
        out["UTF-16"] = text.encode("utf-16-le").lower()
        out["JSON"] = json.dumps(text)[1:-1].lower().encode()
    for offset in range(3):
        # The first and the last characters depend on what stands beside it.
        middle = base64.b64encode(bytes(offset) + data)[4 if offset else 0:-4]
        if len(middle) > 8:
            out[f"Base64 at {offset}"] = middle
            out[f"Base64url at {offset}"] = middle.translate(bytes.maketrans(b"+/", b"-_"))
    return out


def sqlite_dump(path):
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as connection:
        return "\n".join(connection.iterdump()).encode()


def postgresql_dump(url):
    program = sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_dump"))[-1]
    return subprocess.run([program, "--inserts", url], check=True, capture_output=True, timeout=120).stdout


def is_sqlite(path):
    with open(path, "rb") as file:
        return file.read(16) == b"SQLite format 3\0"


class Stored:
    """Place -> content, of every file below the folders and of every database."""

    def __init__(self, *folders, database=None):
        self.raw, self.dumped = {}, {}
        for path in sorted(path for folder in folders for path in pathlib.Path(folder).rglob("*")):
            with contextlib.suppress(FileNotFoundError):  # what a running server has taken away meanwhile
                if path.is_file():
                    self.add(path)
        if database:
            self.dumped["pg_dump"] = postgresql_dump(database)

    def add(self, path):
        if is_sqlite(path):
            self.dumped[f"dump of {path}"] = sqlite_dump(path)
        self.raw[str(path)] = path.read_bytes()

    def find(self, texts):
        """Tells of each finding: the text, where, and in which form."""
        wanted = [(text, forms(text)) for text in texts]
        found = []
        for place, content in {**self.raw, **self.dumped}.items():
            lowered = content.lower()
            for text, looks in wanted:
                found += [f"{text!r} in {place} ({form})" for form, look in looks.items()
                          if look in (content if form.startswith("Base64") else lowered)]
        return found

    def check(self, texts, known):
        """What was found of the texts. `known` must be found in a dump: else the search proves nothing."""
        looks = list(forms(known).values())
        if not any(look in content.lower() for content in self.dumped.values() for look in looks):
            raise AssertionError(f"{known!r} is not there either: {[*self.dumped]}")
        return self.find(texts)


def main(folder, known, database=None):
    texts = [bytes(one["data"]) if isinstance(one, dict) else one for one in json.load(sys.stdin)]
    json.dump(Stored(folder, database=database).check(texts, known), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
