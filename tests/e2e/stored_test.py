"""The search for what a server has stored finds what stands there, in both databases and in every form."""
import base64
import contextlib
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import unittest

from databases import PostgreSQL
from stored import Stored

SECRET = "Grüße: what nobody may find, 81723"


class Search(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="unhidra-stored-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.run_sql("CREATE TABLE kept (name TEXT, value BLOB)")
        self.keep("known", b"\0")

    def run_sql(self, *statement):
        with contextlib.closing(sqlite3.connect(self.folder / "kept.db", isolation_level=None)) as database:
            database.execute(*statement)

    def keep(self, name, value):
        self.run_sql("INSERT INTO kept VALUES (?, ?)", (name, value))

    def found(self):
        return Stored(self.folder).check([SECRET], "known")

    def test_nothing_is_found_where_nothing_is(self):
        self.keep("other", b"Gr\xc3\xbc\xc3\x9fe: what everybody may find")
        self.assertEqual(self.found(), [])

    def test_every_form_is_found_in_a_database(self):
        for value in (SECRET, SECRET.replace("what", "WHAT"), SECRET.encode(), SECRET.encode("utf-16-le"),
                      json.dumps({"text": SECRET}), SECRET.encode().hex()):
            with self.subTest(value=value):
                self.keep("one", value)
                self.assertTrue(self.found())
                self.run_sql("DELETE FROM kept WHERE name = 'one'")
                self.run_sql("VACUUM")
                self.assertEqual(self.found(), [])
        for before in (b"", b"x", b"xy", b"xyz"):
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                (self.folder / "file").write_bytes(b"\0" + encode(before + SECRET.encode() + b"zz") + b"\0")
                self.assertTrue(self.found(), (before, encode))

    def test_what_is_deleted_but_not_gone_is_found(self):
        self.keep("one", SECRET)
        with contextlib.closing(sqlite3.connect(self.folder / "kept.db")) as database:
            database.executescript("PRAGMA secure_delete = OFF; DELETE FROM kept WHERE name = 'one'")
        self.assertIn("kept.db (plain)", self.found()[0])

    def test_a_search_that_could_find_nothing_is_an_error(self):
        with self.assertRaises(AssertionError):
            Stored(self.folder).check([SECRET], "unknown")

    def test_the_program_prints_what_it_found(self):
        (self.folder / "notes").write_text(SECRET)
        run = subprocess.run([sys.executable, "-B", pathlib.Path(__file__).with_name("stored.py"), self.folder, "known"],
                             input=json.dumps([SECRET, "another"]), capture_output=True, text=True, check=True)
        self.assertEqual(json.loads(run.stdout), [f"{SECRET!r} in {self.folder / 'notes'} (plain)"])

    def test_what_postgresql_has_compressed_is_found(self):
        database = PostgreSQL()
        self.addCleanup(database.close)
        database.start()
        long = SECRET + " and much more of the same" * 1000
        program = database.programs / "psql"
        subprocess.run([program, "-q", "-v", "ON_ERROR_STOP=1", database.url], check=True, text=True, cwd="/", input=(
            "CREATE TABLE kept (name text, value bytea);\n"
            f"INSERT INTO kept VALUES ('known', convert_to('{long}', 'UTF8'));\nCHECKPOINT;\n"))
        raw = b"".join(path.read_bytes() for path in (database.root / "data" / "base").rglob("*") if path.is_file())
        self.assertNotIn(SECRET.encode(), raw, "compressed: the files alone do not tell")
        found = Stored(self.folder, database=database.url).check([SECRET], "known")
        self.assertEqual(found, [f"{SECRET!r} in pg_dump (hexadecimal)"])


if __name__ == "__main__":
    unittest.main()
