#!/usr/bin/env python3
"""restless.py DIR COUNT < {"path": {manifest fields}} ... > JSON: COUNT processes read, list and stat DIR without a pause, asking
the server each time (O_DIRECT, pages let go, names that are not there), from "reading" on until standard input has a second line
or ends. Prints {"wrong": [...], "operations": n, "longest": seconds of the longest single operation}."""
import errno, hashlib, json, mmap, os, random, signal, stat, sys, time, urllib.parse

root, count = os.fsencode(sys.argv[1]), int(sys.argv[2])
manifest = {urllib.parse.unquote_to_bytes(path): fields for path, fields in json.loads(sys.stdin.readline()).items()}
files = [path for path, fields in manifest.items() if "sha256" in fields]
folders = [path for path, fields in manifest.items() if stat.S_ISDIR(int(fields["mode"], 8))]
names = {folder: set() for folder in folders}
for path in manifest:
    if path != b".":
        names[os.path.dirname(path) or b"."].add(os.path.basename(path))


def at(path):
    return root + b"/" + path


def without_pages(path):
    file = os.open(at(path), os.O_RDONLY)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    return file


def read_pages(path):
    file = without_pages(path)
    try:
        return b"".join(iter(lambda: os.read(file, 65536), b""))
    finally:
        os.close(file)


def read_mapped(path):
    file = without_pages(path)
    try:
        size = os.fstat(file).st_size
        if size == 0:
            return b""
        with mmap.mmap(file, 0, prot=mmap.PROT_READ) as mapped:
            return bytes(mapped)
    finally:
        os.close(file)


def read_direct(path):
    file = os.open(at(path), os.O_RDONLY | os.O_DIRECT)
    try:
        buffer, out = mmap.mmap(-1, 1 << 16), []
        while (got := os.readv(file, [buffer])) > 0:
            out.append(buffer[:got])
        return b"".join(out)
    finally:
        os.close(file)


def check_content(read):
    path = random.choice(files)
    content = read(path)
    if hashlib.sha256(content).hexdigest() != manifest[path]["sha256"]:
        return f"{read.__name__} {path!r}: {len(content)} bytes: {content[:60]!r}"


def check_list():
    folder = random.choice(folders)
    os.close(without_pages(folder))
    found = set(os.listdir(at(folder)))
    if found != names[folder]:
        return f"list {folder!r}: {len(found)} names, expected {len(names[folder])}"


def check_stat():
    path = random.choice(files)
    found = os.lstat(at(path)).st_size
    if found != manifest[path]["size"]:
        return f"stat {path!r}: {found} bytes, expected {manifest[path]['size']}"


def check_absent():
    try:
        os.lstat(at(b"absent-%x" % random.getrandbits(64)))
        return "stat of a name that is not there gave something"
    except FileNotFoundError:
        return None


def check_space():
    if os.statvfs(root).f_bavail != 0:
        return "statvfs: room on a read-only file system"


checks = [
    lambda: check_content(read_direct),
    lambda: check_content(read_pages),
    lambda: check_content(read_mapped),
    check_list,
    check_stat,
    check_absent,
    check_space,
]
is_over = False


def end(*_):
    global is_over
    is_over = True


def reader(number, out):
    signal.signal(signal.SIGUSR1, end)
    random.seed(number)
    wrong, operations, longest = [], 0, 0.0
    while not is_over:
        before = time.monotonic()
        try:
            problem = random.choice(checks)()
        except OSError as error:
            problem = repr(error)
        longest = max(longest, time.monotonic() - before)
        operations += 1
        if problem:
            wrong.append(problem)
    os.write(out, json.dumps({"wrong": wrong[:20], "operations": operations, "longest": longest}).encode() + b"\n")
    os._exit(0)


receive, send = os.pipe()
children = []
for number in range(count):
    child = os.fork()
    if child == 0:
        reader(number, send)
    children.append(child)
os.close(send)
print("reading", flush=True)
sys.stdin.readline()
for child in children:
    os.kill(child, signal.SIGUSR1)
with os.fdopen(receive) as answers:
    results = [json.loads(line) for line in answers]
dead = [] if len(results) == count else [f"{count - len(results)} of {count} readers died"]
json.dump(
    {
        "wrong": dead + sum((result["wrong"] for result in results), []),
        "operations": sum(result["operations"] for result in results),
        "longest": max((result["longest"] for result in results), default=0),
    },
    sys.stdout,
)
