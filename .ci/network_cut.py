"""Cuts the network between the servers of a replicated log, and mends it.

    .ci/network_cut.py             one cut of one server of three
    .ci/network_cut.py --shapes 3  by hand: cuts in all shapes of three servers under load, in about 2 minutes
    .ci/network_cut.py --shapes 5  the same of five servers, in 8 to 13 minutes

It needs root, iproute2, and a kernel that lets it make network namespaces: each server has one, with a cable of its own
to a switch in one more, where the callers are. Nothing of it touches the network of the machine. Ends with
"Network cut: N passed, 0 failed". The logs of the servers are on stderr.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

from checks import passed
from server import java

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--shapes", type=int, choices=[3, 5], help="how many servers to cut off in all shapes")
parser.add_argument("--inside", help=argparse.SUPPRESS)
arguments = parser.parse_args()

NAME = arguments.inside or f"us{os.getpid() % 10000}"
HOSTS = [f"10.99.0.{number}" for number in range(1, (arguments.shapes or 3) + 1)]
PORT = 50051


def ip(*words, inside=None):
    subprocess.run(["ip", *(["-n", inside] if inside else []), *words], check=True)


def server_space(i):
    return f"{NAME}n{i}"


def build():
    ip("netns", "add", NAME)
    ip("link", "add", "switch", "type", "bridge", inside=NAME)
    ip("address", "add", "10.99.0.254/24", "dev", "switch", inside=NAME)
    ip("link", "set", "switch", "up", inside=NAME)
    for i, host in enumerate(HOSTS):
        space = server_space(i)
        ip("netns", "add", space)
        ip("link", "add", f"plug{i}", "type", "veth", "peer", "name", "cable", "netns", space, inside=NAME)
        ip("link", "set", f"plug{i}", "master", "switch", "up", inside=NAME)
        ip("address", "add", f"{host}/24", "dev", "cable", inside=space)
        for link in "lo", "cable":
            ip("link", "set", link, "up", inside=space)


def take_down():
    for space in [NAME, *map(server_space, range(len(HOSTS)))]:
        subprocess.run(["ip", "netns", "delete", space], stderr=subprocess.DEVNULL, check=False)


def change_routes(change, stopped):
    """Drops what a server sends to another, for each (sender, receiver), or no longer; callers still reach all."""
    for sender, receiver in stopped:
        ip("route", change, "blackhole", f"{HOSTS[receiver]}/32", inside=server_space(sender))


def start(i, folder):
    conf = {
        "host": HOSTS[i],
        "port": PORT,
        "insecure": True,
        "sampleUsers": False,
        "store": {
            "type": "raft",
            "startTimeoutMillis": 100000,
            "raft": {"servers": HOSTS, "folder": f"{folder}/{i}"},
        },
        "cluster": {"host": HOSTS[i], "insecure": True, "members": HOSTS},
    }
    server = [java(), "-Xmx192m", "-jar", "target/user-service.jar", "dev.userservice.UserVerticle"]
    return subprocess.Popen(
        ["ip", "netns", "exec", server_space(i), *server, "--cluster", "--conf", json.dumps(conf)],
        stdout=subprocess.PIPE,
        text=True,
    )


def check_servers():
    from cuts import Users, cut_in_all_shapes, cut_once

    folder = tempfile.mkdtemp()
    servers = [start(i, folder) for i in range(len(HOSTS))]
    try:
        for server in servers:
            assert any(line.startswith("Server is ready") for line in server.stdout), "a server is not ready"
        users = Users([f"{host}:{PORT}" for host in HOSTS])
        (cut_in_all_shapes if arguments.shapes else cut_once)(users, change_routes)
    finally:
        for server in servers:
            server.terminate()
            server.wait(timeout=30)
        shutil.rmtree(folder)
    print(f"Network cut: {passed()} passed, 0 failed")


if arguments.inside:
    check_servers()
else:
    try:
        build()
        inside = ["ip", "netns", "exec", NAME, sys.executable, __file__, "--inside", NAME, *sys.argv[1:]]
        subprocess.run(inside, check=True)
    finally:
        take_down()
