#!/usr/bin/env python3
"""probe.py PROBES DIR... > JSON: per DIR what PROBES, a JSON document, asks for; for trees too huge to read in full.
{"reads": {PATH: [[OFFSET, LENGTH]...]}} gives stat, the bytes in hex and the SEEK_DATA/SEEK_HOLE map;
{"lists": {PATH: [NAME...]}} gives the directory's order as a digest, its length, and which of the NAMES are there."""
import hashlib, json, os, sys

from seek_map import seek_map


def reads(path, ranges):
    file = os.open(path, os.O_RDONLY)
    try:
        s = os.fstat(file)
        return {
            "size": s.st_size, "blocks": s.st_blocks, "ino": str(s.st_ino), "data": seek_map(file, s.st_size),
            "bytes": [os.pread(file, length, offset).hex() for offset, length in ranges],
        }
    finally:
        os.close(file)


def lists(path, names):
    with os.scandir(os.fsencode(path)) as found:
        order = [[name.name.hex(), str(name.inode())] for name in found]
    return {
        "entries": len(order), "order": hashlib.sha256(json.dumps(order).encode()).hexdigest(),
        "present": [name for name in names if os.path.lexists(os.path.join(path, name))],
    }


def probe(root, wanted):
    v = os.statvfs(root)
    return {
        "blocks": v.f_blocks, "free": v.f_bfree,
        "reads": {path: reads(os.path.join(root, path), ranges) for path, ranges in wanted.get("reads", {}).items()},
        "lists": {path: lists(os.path.join(root, path), names) for path, names in wanted.get("lists", {}).items()},
    }


wanted = json.loads(sys.argv[1])
json.dump({root: probe(root, wanted) for root in sys.argv[2:]}, sys.stdout)
