#!/usr/bin/env python3
"""private-namespace.py STATE PROGRAM...: runs PROGRAM in a mount namespace of its own (start this under `unshare --mount`)
where /dev/fuse is "missing" or "closed" to everybody but root, where there is "no-fusermount", or where /etc/fuse.conf has
"user-allow-other". What PROGRAM mounts ends with the namespace."""
import os, shutil, stat, subprocess, sys

state, program = sys.argv[1], sys.argv[2:]
first = shutil.which(program[0])


def hide_device():
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "none", "/dev"], check=True)
    for name, minor in (("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)):
        os.mknod("/dev/" + name, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
        os.chmod("/dev/" + name, 0o666)
    if state == "closed":
        os.mknod("/dev/fuse", 0o600 | stat.S_IFCHR, os.makedev(10, 229))


def hide_fusermount():
    """The folder of fusermount3 is replaced by one with links to everything else in it."""
    folder = os.path.dirname(os.path.realpath(shutil.which("fusermount3")))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "none", "/mnt"], check=True)
    os.mkdir("/mnt/real")
    os.mkdir("/mnt/view")
    subprocess.run(["mount", "--bind", folder, "/mnt/real"], check=True)
    for name in os.listdir(folder):
        if not name.startswith("fusermount"):
            os.symlink("/mnt/real/" + name, "/mnt/view/" + name)
    subprocess.run(["mount", "--bind", "/mnt/view", folder], check=True)


def allow_others():
    """The file itself stays as it is: a file of a tmpfs is bound over it."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "none", "/mnt"], check=True)
    with open("/mnt/fuse.conf", "w") as configuration:
        configuration.write("user_allow_other\n")
    subprocess.run(["mount", "--bind", "/mnt/fuse.conf", "/etc/fuse.conf"], check=True)


if state == "no-fusermount":
    hide_fusermount()
elif state == "user-allow-other":
    allow_others()
else:
    hide_device()
os.execv(first, program)
