#!/usr/bin/env python3
"""try-all.py DIR > JSON: one entry a path: the digest of a file that can be read, the errno of what cannot.
{"path": {"stat": "EUCLEAN"} | {"list": ERRNO} | {"target": ERRNO} | {"read": SHA256 or ERRNO}}; other nodes give {}."""
import errno, hashlib, json, os, stat, sys, urllib.parse

READ = 1 << 17


def escape(name):
    return urllib.parse.quote_from_bytes(name, safe="/ -_.,:+@~")


def digest(path):
    found = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(READ):
            found.update(piece)
    return found.hexdigest()


def attempt(call, path):
    try:
        return call(path), None
    except OSError as error:
        return None, errno.errorcode[error.errno]


def visit(path, relative, out):
    fields = out[escape(relative)] = {}
    s, failed = attempt(os.lstat, path)
    if failed:
        fields["stat"] = failed
    elif stat.S_ISREG(s.st_mode):
        found, failed = attempt(digest, path)
        fields["read"] = failed or found
    elif stat.S_ISLNK(s.st_mode):
        _, failed = attempt(os.readlink, path)
        if failed:
            fields["target"] = failed
    elif stat.S_ISDIR(s.st_mode):
        names, failed = attempt(os.listdir, path)
        if failed:
            fields["list"] = failed
        for name in sorted(names or []):
            visit(path + b"/" + name, name if relative == b"." else relative + b"/" + name, out)


tree = {}
visit(os.fsencode(sys.argv[1]), b".", tree)
json.dump(tree, sys.stdout)
