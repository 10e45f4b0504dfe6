#!/usr/bin/env python3
"""Linux's overlayfs as the oracle for merged layers. Runs in a mount namespace of its own: nothing stays mounted.

kernel_overlay.py show FOLDER trusted|user IMAGE... [:: IMAGE...]
    mounts the images, the lowest first, and those behind "::" as data-only layers in the order in which they are searched,
    and prints what is seen as JSON.
kernel_overlay.py make FOLDER SEED COUNT
    makes COUNT layers as overlayfs itself makes them: random changes to a mount of those below, whose upper directory becomes
    the image FOLDER/N.erofs. Prints what is seen of all of them.

FOLDER is empty and private."""
import errno, hashlib, json, os, random, shutil, socket, stat, subprocess, sys, urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from seek_map import seek_map

OPTIONS = {"trusted": "redirect_dir=on,metacopy=on,xino=on", "user": "userxattr,xino=on"}


def run(*words, cwd=None):
    ended = subprocess.run(words, cwd=cwd, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(f"{' '.join(words)}: {ended.stderr.strip() or ended.stdout.strip()}")


def escape(name):
    return urllib.parse.quote_from_bytes(name, safe="/ -_.,:+@~")


def entry(path):
    s = os.lstat(path)
    names = sorted(os.listxattr(path, follow_symlinks=False))
    fields = {
        "mode": oct(s.st_mode), "uid": s.st_uid, "gid": s.st_gid, "size": s.st_size, "blocks": s.st_blocks,
        "nlink": s.st_nlink, "ino": str(s.st_ino), "mtime": str(s.st_mtime_ns),
        "rdev": [os.major(s.st_rdev), os.minor(s.st_rdev)],
        "xattrs": {escape(os.fsencode(n)): os.getxattr(path, n, follow_symlinks=False).hex() for n in names},
    }
    if stat.S_ISLNK(s.st_mode):
        fields["target"] = escape(os.readlink(path))
    elif stat.S_ISREG(s.st_mode):
        with open(path, "rb") as file:
            fields["sha256"] = hashlib.sha256(file.read()).hexdigest()
            fields["data"] = seek_map(file.fileno(), s.st_size)
    elif stat.S_ISDIR(s.st_mode):
        fields["names"] = {}
    return fields


def tree(root):
    """A directory that is not merged lists its whiteouts, although nobody can look them up: they are left out."""
    out, pending = {}, [b"."]
    while pending:
        relative = pending.pop()
        path = os.path.join(root, relative)
        try:
            out[escape(relative)] = fields = entry(path)
        except OSError as error:
            out[escape(relative)] = {"error": errno.errorcode[error.errno]}
            continue
        for found in os.scandir(path) if "names" in fields else []:
            try:
                mode = os.lstat(found.path).st_mode
            except FileNotFoundError:
                continue
            except OSError:
                mode = 0
            fields["names"][escape(found.name)] = kind(found)
            pending.append(found.name if relative == b"." else relative + b"/" + found.name)
    return out


def kind(found):
    if found.is_symlink():
        return "link"
    return "directory" if found.is_dir(follow_symlinks=False) else "other"


def statfs(root):
    v = os.statvfs(root)
    return {n: str(getattr(v, n)) for n in ("f_bsize", "f_blocks", "f_files", "f_namemax")}


class Stack:
    """Images mounted in a folder under short names, because the kernel takes a page of options."""

    def __init__(self, folder):
        self.folder = folder
        self.layers = []

    def add(self, image):
        name = str(len(self.layers))
        os.mkdir(os.path.join(self.folder, name))
        run("mount", "-t", "erofs", "-o", "ro,loop", image, name, cwd=self.folder)
        self.layers.insert(0, name)

    def overlay(self, name, options, data=()):
        os.makedirs(os.path.join(self.folder, name), exist_ok=True)
        shown = [layer for layer in self.layers if layer not in data]
        lower = "::".join([":".join(shown), *data])
        run("mount", "-t", "overlay", "-o", f"{options},lowerdir={lower}", "overlay", name, cwd=self.folder)
        return os.path.join(os.fsencode(self.folder), os.fsencode(name))

    def show(self, options, data=()):
        root = self.overlay("shown", "ro," + options, data)
        return {"tree": tree(root), "statfs": statfs(root)}


def show(folder, namespace, *images):
    stack = Stack(folder)
    behind = images.index("::") if "::" in images else len(images)
    if behind + 1 == len(images) or behind < len(images) and len(images[:behind]) == 0:
        raise SystemExit("layers are missing beside '::'")
    for image in images[:behind]:
        stack.add(image)
    data = []
    for image in images[behind + 1:]:
        stack.add(image)
        data.append(stack.layers[0])
    return stack.show(OPTIONS[namespace], data)


NAMES = [b"a", b"b", b"c", b"d", b"e", b"\xff\xfe", b"\n", b"a b", b".h", b"...", b"n" * 200]


class Changes:
    """Random changes to a tree. What the system refuses is left."""

    def __init__(self, root, chance, prefix):
        self.root = root
        self.chance = chance
        self.prefix = prefix

    def paths(self):
        found = []
        for top, directories, files in os.walk(self.root):
            found += [os.path.join(top, name) for name in sorted(directories + files)]
        return found

    def directories(self):
        return [self.root] + [p for p in self.paths() if os.path.isdir(p) and not os.path.islink(p)]

    def fresh(self):
        return os.path.join(self.chance.choice(self.directories()), self.chance.choice(NAMES))

    def existing(self):
        paths = self.paths()
        return self.chance.choice(paths) if paths else self.fresh()

    def write(self, path, mode="wb"):
        # who opens a fifo waits for a reader, unless told not to
        with open(path, mode, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK, 0o644)) as file:
            file.write(self.chance.randbytes(self.chance.choice([0, 1, 100, 4096, 9000])))
            if self.chance.random() < 0.2:
                file.truncate(file.tell() + 20000)

    def remove(self, path):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)

    def one(self):
        what = self.chance.choice(["write"] * 4 + ["mkdir"] * 4 + ["rename"] * 6 + ["chmod"] * 4 + ["remove"] * 3 + ["link"] * 3 + [
            "remake", "replace", "append", "chown", "times", "symlink", "fifo", "device", "socket", "xattr", "escaped"])
        path = self.existing()
        if what == "write":
            self.write(self.fresh())
        elif what == "append":
            self.write(path, "ab")
        elif what == "mkdir":
            os.mkdir(self.fresh())
        elif what == "rename":
            os.rename(path, self.fresh())
        elif what == "remove":
            self.remove(path)
        elif what == "remake":
            self.remove(path)
            os.mkdir(path)
        elif what == "replace":
            self.remove(path)
            self.write(path)
        elif what == "chmod":
            os.chmod(path, self.chance.choice([0o600, 0o4755, 0o1777, 0o444]))
        elif what == "chown":
            os.chown(path, self.chance.randrange(70000), self.chance.randrange(70000), follow_symlinks=False)
        elif what == "times":
            os.utime(path, ns=(0, self.chance.randrange(2 ** 62)), follow_symlinks=False)
        elif what == "link":
            os.link(path, self.fresh(), follow_symlinks=False)
        elif what == "symlink":
            os.symlink(self.chance.choice(NAMES), self.fresh())
        elif what == "fifo":
            os.mkfifo(self.fresh())
        elif what == "device":
            kind = self.chance.choice([stat.S_IFCHR, stat.S_IFBLK])
            os.mknod(self.fresh(), kind | 0o644, os.makedev(1, self.chance.randrange(1, 9)))
        elif what == "socket":
            os.mknod(self.fresh(), stat.S_IFSOCK | 0o644)
        elif what == "xattr":
            name = self.chance.choice(["user.x", "trusted.y", "security.z", "user.overlay.opaque"])
            os.setxattr(path, name, self.chance.randbytes(5), follow_symlinks=False)
        elif what == "escaped":
            name = self.chance.choice(["opaque", "redirect", "metacopy", "overlay.whiteout"])
            os.setxattr(path, self.prefix + name, b"y", follow_symlinks=False)

    def many(self, count):
        for _ in range(count):
            try:
                self.one()
            except (OSError, shutil.Error):
                pass


def make(folder, seed, count):
    chance = random.Random(int(seed))
    stack = Stack(folder)
    for number in range(int(count)):
        upper, work, merged = (os.path.join(folder, f"{what}-{number}") for what in ("upper", "work", "merged"))
        os.mkdir(upper)
        root = os.fsencode(upper)
        if stack.layers:
            os.mkdir(work)
            root = stack.overlay(merged, f"{OPTIONS['trusted']},upperdir={upper},workdir={work}")
        # overlayfs adds one "overlay." itself
        prefix = "trusted.overlay." if stack.layers else "trusted.overlay.overlay."
        Changes(root, chance, prefix).many(100 if number == 0 else 40)
        if stack.layers:
            run("umount", merged)
        image = os.path.join(folder, f"{number}.erofs")
        run("mkfs.erofs", "--quiet", *chance.choice([["-zlz4hc"], []]), image, upper)
        stack.add(image)
    return stack.show(OPTIONS["trusted"])


if __name__ == "__main__":
    if os.environ.get("KERNEL_OVERLAY") != "alone":
        os.environ["KERNEL_OVERLAY"] = "alone"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, "-B", *sys.argv])
    json.dump({"show": show, "make": make}[sys.argv[1]](*sys.argv[2:]), sys.stdout)
