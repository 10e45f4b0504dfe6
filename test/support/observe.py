#!/usr/bin/env python3
"""observe.py DIR... > JSON: per DIR all that system calls tell about the tree: every stat field, xattrs, targets,
digests, the order of directories, SEEK_DATA/SEEK_HOLE maps, and statvfs. Names are percent-escaped bytes."""
import hashlib, json, os, stat, sys, urllib.parse

from seek_map import seek_map

READ = 1 << 20


def escape(name):
    return urllib.parse.quote_from_bytes(name, safe="/ -_.,:+@~")


def xattrs(path):
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return {escape(os.fsencode(n)): os.getxattr(path, n, follow_symlinks=False).hex() for n in names}


def entry(path):
    s = os.lstat(path)
    fields = {
        "mode": oct(s.st_mode), "uid": s.st_uid, "gid": s.st_gid, "size": s.st_size, "blocks": s.st_blocks,
        "blksize": s.st_blksize, "nlink": s.st_nlink, "ino": str(s.st_ino),
        "rdev": [os.major(s.st_rdev), os.minor(s.st_rdev)], "atime": str(s.st_atime_ns),
        "mtime": str(s.st_mtime_ns), "ctime": str(s.st_ctime_ns), "xattrs": xattrs(path),
    }
    if stat.S_ISLNK(s.st_mode):
        fields["target"] = escape(os.readlink(path))
    elif stat.S_ISREG(s.st_mode):
        file = os.open(path, os.O_RDONLY)
        try:
            digest = hashlib.sha256()
            while piece := os.read(file, READ):
                digest.update(piece)
            fields["sha256"] = digest.hexdigest()
            fields["data"] = seek_map(file, s.st_size)
        finally:
            os.close(file)
    elif stat.S_ISDIR(s.st_mode):
        with os.scandir(path) as names:
            fields["order"] = [[escape(n.name), str(n.inode()), kind(n)] for n in names]
    return fields


def kind(name):
    if name.is_symlink():
        return "link"
    return "directory" if name.is_dir(follow_symlinks=False) else "other"


def tree(root):
    out = {}
    pending = [(root, b".")]
    while pending:
        path, relative = pending.pop()
        out[escape(relative)] = fields = entry(path)
        if "order" in fields:
            for name in os.listdir(path):
                pending.append((path + b"/" + name, name if relative == b"." else relative + b"/" + name))
    return out


def file_system(root):
    v = os.statvfs(root)
    # f_files of EROFS is 2^64-1: too much for a JSON number
    return {n: str(getattr(v, n)) for n in ("f_bsize", "f_frsize", "f_blocks", "f_bfree", "f_bavail", "f_files",
                                            "f_ffree", "f_favail", "f_namemax")} | {"read_only": bool(v.f_flag & os.ST_RDONLY)}


json.dump({d: {"tree": tree(os.fsencode(d)), "statvfs": file_system(d)} for d in sys.argv[1:]}, sys.stdout)
