"""Edits a config with the AWS CLI's own ConfigFileWriter, and counts what is lost.

usage: edit.py CONFIG COUNT DELAY

Nine of ten edits set a key of one of 100 sections, for which the writer reads
the file, truncates it and writes it anew. The tenth appends a section. After
each 100 edits, and at the end, every edit must be in the file. After COUNT edits
it goes on with the sections that are there until standard input ends. With a
DELAY, in seconds, each write is two: the second half comes after the delay.

It prints how many edits were made and how many of them were lost.
"""
import itertools
import re
import sys
import threading
import time

import awscli.customizations.configure.writer as writer

path, count, delay = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])


class Slow:
    """A file whose writes reach the disk in two parts."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, text):
        half = len(text) // 2
        self.file.write(text[:half])
        self.file.flush()
        time.sleep(delay)
        self.file.write(text[half:])
        self.file.flush()


def slow_open(name, mode="r"):
    return open(name, mode) if "r" in mode else Slow(open(name, mode))


if delay:
    writer.open = slow_open

expected, lost = {}, 0


def check():
    global lost
    with open(path) as file:
        found = dict(re.findall(r"^\[profile (theirs-\d+)\]\nn = (\d+)\n", file.read(), re.M))
    for section, n in list(expected.items()):
        if found.get(section) != n:
            lost += 1
            print(f"lost: {section} has {found.get(section)}, not {n}", file=sys.stderr)
            del expected[section]


ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()

config = writer.ConfigFileWriter()
for n in itertools.count():
    if n >= count and ended.is_set():
        break
    appended = n % 10 == 9 and n < count
    section = f"theirs-{n}" if appended else f"theirs-{n % 100}"
    config.update_config({"__section__": f"profile {section}", "n": str(n)}, path)
    expected[section] = str(n)
    if n % 100 == 99:
        check()
check()
print(n, lost)
