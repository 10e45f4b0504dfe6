#!/usr/bin/env python3
"""descend.py DIR LEVELS > JSON: goes down "d" LEVELS times from DIR, a directory at a time, and reads "bottom" there.
"long_path" is what the system says of the same as one path."""
import errno, json, os, sys

top, levels = sys.argv[1], int(sys.argv[2])
try:
    os.stat(top + "/d" * levels)
    said = "found"
except OSError as error:
    said = errno.errorcode[error.errno]
os.chdir(top)
for _ in range(levels):
    os.chdir("d")
with open("bottom", "rb") as file:
    json.dump({"bottom": file.read().decode(), "long_path": said}, sys.stdout)
