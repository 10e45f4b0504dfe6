#!/usr/bin/env python3
"""readers.py DIR COUNT ROUNDS < {"path": sha256} > JSON: COUNT processes read every file of DIR, each in an order of its
own and in its own way (read, pread backwards, mmap, O_DIRECT); prints what was read wrongly, [] where nothing was.
ROUNDS 0: read until something fails, after "reading" was printed; wrong bytes end with status 3, errors with 0."""
import errno, hashlib, json, mmap, os, random, sys, urllib.parse

root, count, rounds = os.fsencode(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
expected = {urllib.parse.unquote_to_bytes(path): digest for path, digest in json.load(sys.stdin).items()}


def by_read(path):
    with open(path, "rb", buffering=0) as file:
        return b"".join(iter(lambda: file.read(65536), b""))


def by_pread_backwards(path):
    file = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(file).st_size
        out = bytearray(size)
        for start in reversed(range(0, size, 5000)):
            piece = os.pread(file, min(5000, size - start), start)
            out[start:start + len(piece)] = piece
        return bytes(out)
    finally:
        os.close(file)


def by_map(path):
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b""
        with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
            return bytes(mapped)


def by_direct(path):
    try:
        file = os.open(path, os.O_RDONLY | os.O_DIRECT)
    except OSError as error:
        if error.errno == errno.EINVAL:
            return by_read(path)
        raise
    try:
        buffer, out = mmap.mmap(-1, 1 << 16), []
        while (got := os.readv(file, [buffer])) > 0:
            out.append(buffer[:got])
        return b"".join(out)
    finally:
        os.close(file)


def by_sendfile(path):
    file, sink = os.open(path, os.O_RDONLY), os.memfd_create("sink")
    try:
        while os.sendfile(sink, file, None, 1 << 20) > 0:
            pass
        size = os.lseek(sink, 0, os.SEEK_CUR)
        return os.pread(sink, size, 0) if size else b""
    finally:
        os.close(file)
        os.close(sink)


ways = [by_read, by_pread_backwards, by_map, by_direct, by_sendfile]


def one_round(number):
    order = sorted(expected)
    random.Random(number).shuffle(order)
    wrong = []
    for index, path in enumerate(order):
        way = ways[(number + index) % len(ways)]
        try:
            content = way(root + b"/" + path)
        except OSError as error:
            if rounds == 0:
                os._exit(0)
            content = repr(error).encode()
        if hashlib.sha256(content).hexdigest() != expected[path]:
            wrong.append(f"{way.__name__} {os.fsdecode(path)}: {len(content)} bytes: {content[:60]!r}")
    return wrong


def reader(number, out):
    wrong = []
    if rounds == 0:
        while not wrong:
            wrong = one_round(number)
        os._exit(3)
    for turn in range(rounds):
        wrong += one_round(number + turn)
    os.write(out, json.dumps(wrong).encode()[:4000] + b"\n")
    os._exit(0)


receive, send = os.pipe()
children = []
for number in range(count):
    child = os.fork()
    if child == 0:
        reader(number, send)
    children.append(child)
os.close(send)
if rounds == 0:
    print("reading", flush=True)
    statuses = {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children}
    sys.exit(max(statuses))
with os.fdopen(receive) as answers:
    lines = [json.loads(line) for line in answers]
for child in children:
    os.waitpid(child, 0)
missing = [] if len(lines) == count else [f"{count - len(lines)} of {count} readers died"]
json.dump(missing + sum(lines, []), sys.stdout)
