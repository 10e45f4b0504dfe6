#!/usr/bin/env python3
"""write-attempts.py DIR FILE > JSON: what each way to change the read-only mount DIR is answered with, by errno name.
FILE is a regular file below DIR, relative to it."""
import errno, json, os, socket, sys

os.chdir(sys.argv[1])
file = sys.argv[2]
folder = os.path.dirname(file)
new = os.path.join(folder, "made-by-nobody")


def bind_socket():
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(new)


attempts = {
    "create": lambda: os.close(os.open(new, os.O_CREAT | os.O_WRONLY, 0o644)),
    "open for writing": lambda: os.close(os.open(file, os.O_WRONLY)),
    "open for reading and writing": lambda: os.close(os.open(file, os.O_RDWR)),
    "open to append": lambda: os.close(os.open(file, os.O_WRONLY | os.O_APPEND)),
    "open to truncate": lambda: os.close(os.open(file, os.O_WRONLY | os.O_TRUNC)),
    "open without a name": lambda: os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o644)),
    "truncate": lambda: os.truncate(file, 0),
    "mkdir": lambda: os.mkdir(new),
    "rmdir": lambda: os.rmdir(folder),
    "unlink": lambda: os.unlink(file),
    "rename": lambda: os.rename(file, new),
    "link": lambda: os.link(file, new),
    "symlink": lambda: os.symlink("target", new),
    "mkfifo": lambda: os.mkfifo(new),
    "mknod": lambda: os.mknod(new, 0o100644),
    "bind a socket": bind_socket,
    "chmod": lambda: os.chmod(file, 0o777),
    "chown": lambda: os.chown(file, os.getuid(), os.getgid()),
    "lchown": lambda: os.lchown(file, os.getuid(), os.getgid()),
    "utimes": lambda: os.utime(file, (1, 1)),
    "utimes of a directory": lambda: os.utime(folder, (1, 1)),
    "setxattr": lambda: os.setxattr(file, "user.made-by-nobody", b"value"),
    "removexattr": lambda: os.removexattr(file, "user.made-by-nobody"),
    "access for writing": lambda: None if os.access(file, os.W_OK) else refused(errno.EROFS),
}


def refused(number):
    raise OSError(number, os.strerror(number))


answers = {}
for name, attempt in attempts.items():
    try:
        attempt()
        answers[name] = "allowed"
    except OSError as error:
        answers[name] = errno.errorcode[error.errno]
json.dump(answers, sys.stdout)
