#!/usr/bin/env python3
"""datagrams.py NAME: receives on the Unix datagram socket NAME (a path, or "@" and an abstract name); prints "ready", then each
datagram as a line of JSON. Node has no such sockets."""
import json, socket, sys

name = sys.argv[1]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind("\0" + name[1:] if name.startswith("@") else name)
print("ready", flush=True)
while True:
    print(json.dumps(receiver.recv(4096).decode()), flush=True)
