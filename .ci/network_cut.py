"""Cuts the network between one server of a replicated log and the two others, and mends it.

It needs root, iproute2, and a kernel that lets it make network namespaces: each server has one, with a cable of its own
to a switch in a fourth, where the caller is. Nothing of it touches the network of the machine. Ends with
"Network cut: N passed, 0 failed".
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

NAME = f"us{os.getpid() % 10000}" if len(sys.argv) < 2 else sys.argv[1]
HOSTS = ["10.99.0.1", "10.99.0.2", "10.99.0.3"]
PORT = 50051
PATIENCE_SECONDS = 60


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


def cut(change):
    """Both ways, so that nothing of the other side is heard; the caller still reaches all."""
    for host in HOSTS[:2]:
        ip("route", change, "blackhole", f"{host}/32", inside=server_space(2))
    for i in 0, 1:
        ip("route", change, "blackhole", f"{HOSTS[2]}/32", inside=server_space(i))


def start(i, folder):
    from server import java

    conf = {
        "host": HOSTS[i],
        "port": PORT,
        "insecure": True,
        "sampleUsers": False,
        "store": {
            "type": "raft",
            "startTimeoutMillis": 60000,
            "raft": {"servers": HOSTS, "folder": f"{folder}/{i}"},
        },
        "cluster": {"host": HOSTS[i], "insecure": True, "members": HOSTS},
    }
    server = [java(), "-Xmx256m", "-jar", "target/user-service.jar", "dev.userservice.UserVerticle"]
    return subprocess.Popen(
        ["ip", "netns", "exec", server_space(i), *server, "--cluster", "--conf", json.dumps(conf)],
        stdout=subprocess.PIPE,
        text=True,
    )


def inside():
    import grpc
    from checks import check, passed
    from directory_checks import pb, rpc

    folder = tempfile.mkdtemp()
    servers = [start(i, folder) for i in range(len(HOSTS))]
    try:
        for server in servers:
            assert any(line.startswith("Server is ready") for line in server.stdout), "a server is not ready"
        stubs = [rpc.UserServiceStub(grpc.insecure_channel(f"{host}:{PORT}")) for host in HOSTS]
        acknowledged = {}

        def create(stub, email):
            try:
                user = stub.CreateUser(pb.CreateUserRequest(name="Cut", email=email, age=1), timeout=5)
            except grpc.RpcError as error:
                return error.code().name
            assert acknowledged.setdefault(user.user_id, email) == email, f"id {user.user_id} twice"
            return "OK"

        def get(stub, user_id):
            try:
                return stub.GetUser(pb.GetUserRequest(user_id=user_id), timeout=5).email
            except grpc.RpcError as error:
                return error.code().name

        def wait_for(answer, expected):
            end = time.monotonic() + PATIENCE_SECONDS
            while (found := answer()) != expected and time.monotonic() < end:
                pass
            check("in time", found, expected)

        for i in range(30):
            check("before the cut", create(stubs[i % 3], f"before{i}@example.com"), "OK")
        known = min(acknowledged)

        cut("add")
        names = iter(range(1_000_000))
        with ThreadPoolExecutor(len(HOSTS)) as callers:

            def race():
                email = f"race{next(names)}@example.com"
                ends = list(callers.map(lambda stub: create(stub, email), stubs))
                assert ends.count("OK") <= 1, f"{email} given twice: {ends}"
                return get(stubs[2], known)

            wait_for(race, "UNAVAILABLE")
        check("the smaller part creates", create(stubs[2], "alone@example.com"), "UNAVAILABLE")
        wait_for(lambda: create(stubs[0], f"larger{next(names)}@example.com"), "OK")
        check("the larger part reads", get(stubs[1], known), acknowledged[known])

        cut("delete")
        wait_for(lambda: get(stubs[2], known), acknowledged[known])
        check("all create again", [create(stub, f"again{i}@example.com") for i, stub in enumerate(stubs)], ["OK"] * 3)
        lists = [[(user.user_id, user.email) for user in stub.ListUsers(pb.ListUsersRequest())] for stub in stubs]
        check("all have the same users", lists[1:], lists[:1] * 2)
        check("no id twice", len({user_id for user_id, _ in lists[0]}), len(lists[0]))
        check("no address twice", len({email for _, email in lists[0]}), len(lists[0]))
        check("what was acknowledged", acknowledged.items() - set(lists[0]), set())
    finally:
        for server in servers:
            server.terminate()
            server.wait(timeout=30)
        shutil.rmtree(folder)
    print(f"Network cut: {passed()} passed, 0 failed")


if len(sys.argv) > 1:
    inside()
else:
    try:
        build()
        subprocess.run(["ip", "netns", "exec", NAME, sys.executable, __file__, NAME], check=True)
    finally:
        take_down()
