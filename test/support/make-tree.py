#!/usr/bin/env python3
"""make-tree.py DIR SEED: a random tree with all that EROFS stores; needs root only for devices and owners."""
import os, random, stat, sys

root, pick = os.fsencode(sys.argv[1]), random.Random(int(sys.argv[2]))
is_root = os.geteuid() == 0
sizes = [0, 1, 17, 511, 512, 4000, 4095, 4096, 4097, 8192, 12345, 65535, 65536, 70000, 200000]
words = [bytes(pick.choices(b"abcdefghijklmnopqrstuvwxyz", k=pick.randint(2, 9))) for _ in range(300)]


def text(size):
    out = bytearray()
    while len(out) < size:
        out += pick.choice(words) + b" "
    return bytes(out[:size])


def content(size):
    kind = pick.randrange(4)
    if kind == 0:
        return pick.randbytes(size)
    if kind == 1:
        return bytes(size)
    if kind == 2:
        half = size // 2
        return text(half) + pick.randbytes(size - half)
    return text(size)


def name():
    kind = pick.randrange(8)
    if kind == 0:
        return bytes(pick.choice(range(128, 256)) for _ in range(pick.randint(1, 20)))
    if kind == 1:
        return "größe-文件-🙂".encode() + str(pick.randrange(10**6)).encode()
    if kind == 2:  # no longer: mkfs.erofs 1.5 cuts some names of more than 200 bytes
        return b"x" * pick.randint(60, 120)
    return pick.choice(words) + str(pick.randrange(10**6)).encode()


def new_path(folder):
    """A path that is not there yet: names are few enough to come twice."""
    while os.path.lexists(path := folder + b"/" + name()):
        pass
    return path


def sparse(path, size):
    with open(path, "wb") as file:
        file.seek(pick.randrange(size))
        file.write(text(5000))
        file.truncate(size + 5000)


def fill(folder, depth):
    files = []
    for _ in range(pick.randint(3, 14)):
        path = new_path(folder)
        kind = pick.randrange(12)
        if kind == 0 and depth < 5:
            os.mkdir(path)
            fill(path, depth + 1)
        elif kind == 1:
            os.symlink(text(pick.choice([1, 30, 200, 3000])).replace(b" ", b"/"), path)
        elif kind == 2 and files:
            os.link(pick.choice(files), path)
        elif kind == 3:
            os.mkfifo(path)
        elif kind == 4 and is_root:
            os.mknod(path, pick.choice([stat.S_IFCHR, stat.S_IFBLK]) | 0o640, os.makedev(pick.randrange(4000), pick.randrange(10**6)))
        elif kind == 5:
            sparse(path, 300000)
            files.append(path)
        else:
            with open(path, "wb") as file:
                file.write(content(pick.choice(sizes)))
            files.append(path)
            for number in range(pick.choice([0, 0, 1, 3])):
                os.setxattr(path, f"user.{number}-{pick.choice(words).decode()}", pick.randbytes(pick.choice([0, 5, 300])))
        if not os.path.islink(path):
            os.chmod(path, pick.choice([0o644, 0o600, 0o755, 0o4711, 0o1777, 0o000, 0o2750]))
        if is_root:
            os.chown(path, pick.choice([0, 1000, 70000]), pick.choice([0, 100, 80000]), follow_symlinks=False)
        time = pick.choice([1_700_000_000_123_456_789, 1_000_000_000_000_000_001, 4_500_000_000_999_999_999])
        os.utime(path, ns=(time, time), follow_symlinks=False)


for _ in range(4):
    folder = new_path(root)
    os.mkdir(folder)
    fill(folder, 1)
    os.utime(folder, ns=(1_500_000_000_000_000_003,) * 2)
os.utime(root, ns=(1_600_000_000_000_000_007,) * 2)
