#!/usr/bin/env python3
"""How much of a public corpus of spoken commands the intent matcher understands.

    git clone https://github.com/home-assistant/intents      (CC BY 4.0; not part of this repository)
    bench/intent_corpus.py build/release/bin/intent_corpus intents [--language en] [--show wrong|missed]

Each sentence of the corpus says what is meant: an intent with slots. Three figures come of it:
  named     the sentence says by name which one device is to do what a device of ours can be told: exactly that must come out
  room      the same of all lights, fans, ... of a room. Devices here have no rooms: each is a target called "living room lights"
  other     anything else (questions, timers, music, lists, a whole house): nothing may be done
Nothing of the corpus was used to write the matcher's templates.
"""
import argparse
import collections
import pathlib
import re
import subprocess
import sys
import tempfile
import zlib

import yaml

KINDS = {"light": "light", "switch": "outlet", "fan": "other", "climate": "thermostat", "cover": "cover", "lock": "lock",
         "valve": "cover", "input_boolean": "outlet"}
NOUNS = {"en": {"light": ("lights", "light", "lighting"), "fan": ("fans", "fan")},
         "de": {"light": ("Lichter", "Licht", "Lampen", "Beleuchtung"), "fan": ("Ventilatoren", "Ventilator", "L\u00fcfter")}}
SWITCHED = {"light", "outlet", "other", "thermostat"}


def listed(value):
    return value if isinstance(value, list) else [value]


class Corpus:
    def __init__(self, root, language):
        self.folder = pathlib.Path(root) / "tests" / language
        fixtures = yaml.safe_load((self.folder / "_fixtures.yaml").read_text())
        self.targets = {}
        rooms = {area["id"]: area["name"] if isinstance(area["name"], str) else area["name"].get("in", "")
                 for area in fixtures["areas"]}
        for entity in fixtures["entities"]:
            domain = entity["id"].split(".")[0]
            if domain in KINDS:
                name = entity["name"] if isinstance(entity["name"], str) else entity["name"].get("in", "")
                kind = "garage" if (entity.get("attributes") or {}).get("device_class") == "garage" else KINDS[domain]
                self.targets[name.lower()] = (kind, [name], rooms.get(entity.get("area"), ""))
        for area in fixtures["areas"]:
            room = area["name"] if isinstance(area["name"], str) else area["name"].get("in", "")
            for domain, words in NOUNS[language].items():
                self.targets[f"{room.lower()}/{domain}"] = (KINDS[domain], [f"{room} {word}" for word in words], "")

    def sentences(self):
        """(sentence, class, target, command)"""
        for path in sorted(self.folder.glob("*.yaml")):
            if path.name.startswith("_"):
                continue
            for test in (yaml.safe_load(path.read_text()) or {}).get("tests") or []:
                intent = test.get("intent")
                if not intent:
                    continue
                slots = intent.get("slots") or {}
                # A room that the sentence does not name is where its speaker stands, which nobody here knows.
                here = (intent.get("context") or {}).get("area") and "name" not in slots
                wanted = ("other", None, None) if here else self.wanted(intent["name"], slots)
                for sentence in test["sentences"]:
                    yield (sentence, *wanted)

    def wanted(self, intent, slots):
        name = slots.get("name")
        name = name.get("value") if isinstance(name, dict) else name
        target, where = str(name).lower(), "named"
        if name is None or name == "all":
            # The brightness of a room is that of its lights.
            domain = slots.get("domain") or ("light" if intent == "HassLightSet" else None)
            target, where = f"{str(slots.get('area')).lower()}/{domain}", "room"
        if target not in self.targets or slots.get("state"):
            return "other", None, None
        command = self.command(intent, self.targets[target][0], slots)
        return (where, target, command) if command else ("other", None, None)

    @staticmethod
    def command(intent, kind, slots):
        if intent == "HassTurnOn":
            return {"cover": "open", "garage": "open", "lock": "lock"}.get(kind, "on")
        if intent == "HassTurnOff":
            return {"cover": "close", "garage": "close", "lock": "unlock"}.get(kind, "off")
        if intent == "HassLightSet" and "brightness" in slots and "color" not in slots:
            return f"dim {slots['brightness']}"
        if intent == "HassClimateSetTemperature" and "temperature" in slots:
            return f"set {slots['temperature']}"
        return None


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("program")
    options.add_argument("corpus")
    options.add_argument("--language", default="en", choices=NOUNS)
    options.add_argument("--show", choices=("wrong", "missed"))
    options.add_argument("--half", choices=("work", "held"), help="by a hash of the sentence: look at misses of `work` alone")
    options = options.parse_args()
    corpus = Corpus(options.corpus, options.language)
    rows = [(re.sub(r"\s+", " ", row[0]).strip(), *row[1:]) for row in corpus.sentences()]
    if options.half:
        rows = [row for row in rows if (zlib.crc32(row[0].encode()) & 1 == 0) == (options.half == "work")]
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as targets:
        for target, (kind, names, room) in corpus.targets.items():
            print(target, kind, "|".join(names), room, sep="\t", file=targets)
        targets.flush()
        answers = subprocess.run([options.program, targets.name], input="\n".join(row[0] for row in rows) + "\n",
                                 capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(answers) == len(rows)
    counts = collections.defaultdict(collections.Counter)
    for (sentence, where, target, command), answer in zip(rows, answers):
        cells = answer.split("\t")
        if cells[0] != "clear":
            verdict = "right" if where == "other" else cells[0]
        else:
            verdict = "right" if (cells[1], cells[2]) == (target, command) else "wrong"
        counts[where][verdict] += 1
        counts["all"][verdict] += 1
        if (options.show == "wrong" and verdict == "wrong") or \
           (options.show == "missed" and where != "other" and verdict in ("nothing", "unclear")):
            print(f"{where}: {sentence!r} wants {target} {command}, got {answer!r}", file=sys.stderr)
    print(f"{'':8}{'sentences':>10}{'right':>8}{'abstains':>10}{'asks':>6}{'wrong':>7}{'exact':>9}")
    for where in ("named", "room", "other", "all"):
        found = counts[where]
        total = sum(found.values())
        print(f"{where:8}{total:10}{found['right']:8}{found['nothing']:10}{found['unclear']:6}{found['wrong']:7}"
              f"{100 * found['right'] / max(total, 1):8.1f}%")


if __name__ == "__main__":
    main()
