"""Servers where something is missing that most machines have: a locale, a file system to write to, room for the log or for users.

Needs root, and Debian's PostgreSQL. Ends with "Odd places: N passed, 0 failed".
"""

import contextlib
import json
import os
import subprocess
import tempfile

import grpc

import mounts
from checks import check, passed
from databases import PATIENCE_SECONDS, Database, home, wait_until
from directory_checks import code_of, pb, rpc, stub_of, user
from server import free_port, java, lines, running_server

mounts.enter()

JAR = os.path.abspath("target/user-service.jar")
SMALL = ["-XX:TieredStopAtLevel=1", "-Xmx64m"]
# But for the disks of their own that are mounted here.
READ_ONLY = 'for place in / /dev/shm /tmp; do mount -o remount,bind,ro $place 2>/dev/null; done; exec "$@"'


def command(conf, *jvm):
    return [java(), *SMALL, *jvm, "-jar", JAR, "--conf", conf if isinstance(conf, str) else json.dumps(conf)]


def refused(what, code, said, words, **options):
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, **options)
    check(f"{what}: {ended.stderr}", ended.returncode, code)
    check(f"{what}: {ended.stderr}", (said in ended.stderr, "\tat " in ended.stderr), (True, False))


def sqlite(file, **more):
    return {"port": 0, "log": "text", "store": {"type": "sqlite", "sqlite": {"file": file}}, **more}


def create(users, number):
    return users.CreateUser(user("n" * 90, f"{number}@example.com"), timeout=30).user_id


def names_outside_of_ascii():
    ascii_only = dict(os.environ, LC_ALL="C")
    hint = "start it with LC_ALL=C.UTF-8"
    with tempfile.TemporaryDirectory() as folder:
        odd = os.path.join(folder, "\u00f6")
        os.mkdir(odd)
        refused("a current folder outside of ASCII", 3, hint, command({"port": 0}), cwd=odd, env=ascii_only)
        with open(os.path.join(folder, "k\u00f6nf.json"), "w", encoding="utf-8") as file:
            json.dump(sqlite(f"{odd}/\u00fcsers.db"), file)
        refused("a configuration outside of ASCII", 3, hint, command(file.name), env=ascii_only)
        with running_server(file.name, SMALL):
            pass
        check("with such a locale", os.path.exists(f"{odd}/\u00fcsers.db"), True)


def read_only_root():
    within = ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh"]
    with tempfile.TemporaryDirectory() as folder, mounts.disk("size=16m") as data, mounts.disk("size=16m,noexec") as bare, home() as place:
        probe = subprocess.run([*within, "touch", f"{folder}/probe"], capture_output=True, text=True)
        check("nothing can be written", (probe.returncode, "Read-only file system" in probe.stderr), (1, True))
        database = Database(f"{place}/data")
        database.create()
        try:
            postgres = {"port": database.port, "database": "postgres", "user": "postgres"}
            for store in {"type": "memory"}, {"type": "postgres", "postgres": postgres}, sqlite(f"{data}/users.db")["store"]:
                with tempfile.NamedTemporaryFile("w") as log:
                    conf = json.dumps({"port": 0, "store": store, "management": {"port": 0}, "sampleUsers": True})
                    with running_server(conf, SMALL, log, within) as (port, _), stub_of(port) as users:
                        check(f"{store['type']} with a read-only root", users.GetUser(pb.GetUserRequest(user_id=1)).name, "Alice Johnson")
                    check("and nothing is wrong with it", lines(log), [])
        finally:
            database.stop()
        said = f"{folder}/users.db cannot be locked: cannot write users.db.lock beside it: Read-only file system"
        refused("SQLite without a folder to write to", 6, said, [*within, *command(sqlite(f"{folder}/users.db"))])
        said = f"the native library of SQLite cannot be loaded from {bare} or /tmp"
        refused("SQLite without a folder to execute from", 6, said, [*within, *command(sqlite(f"{bare}/users.db"))])
        with running_server(json.dumps(sqlite(f"{bare}/users.db")), [*SMALL, f"-Dorg.sqlite.tmpdir={data}"], within=within):
            check("SQLite with one that is named", os.listdir(bare) != [], True)


def full_disk_under_users():
    with mounts.disk("size=16m") as folder, tempfile.NamedTemporaryFile("w") as log:

        def logged(words):
            return any(words in line for line in lines(log))

        with running_server(json.dumps(sqlite(f"{folder}/users.db")), SMALL, log) as (port, _), stub_of(port) as users:
            acknowledged = [create(users, number) for number in range(100)]
            ballast = os.path.join(folder, "ballast")
            # Without a buffer, whose rest could not be written either when the file is closed.
            with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))
            # Some may still fit into what SQLite has.
            codes = [code_of(lambda: acknowledged.append(create(users, number)))[0] for number in range(100, 400)]
            check("a disk that is full", (set(codes) <= {"OK", "RESOURCE_EXHAUSTED"}, codes[-1]), (True, "RESOURCE_EXHAUSTED"))
            wait_until("the log says why", lambda: logged(f"the disk of {folder}/users.db has no room left"))
            check("reads go on", users.GetUser(pb.GetUserRequest(user_id=acknowledged[-1])).user_id, acknowledged[-1])
            os.remove(ballast)
            acknowledged += [create(users, number) for number in range(400, 500)]
            check("nothing acknowledged is lost", [user.user_id for user in users.ListUsers(pb.ListUsersRequest())], acknowledged)
            wait_until("the log says that it is over", lambda: logged("writes of the store succeed again"))
        check("no stack trace", logged("\tat "), False)


def no_room_for_the_log():
    port = free_port()
    with open("/dev/full", "w", encoding="utf-8") as full:
        server = subprocess.Popen(command({"port": port, "accessLog": True}), stdout=full, stderr=full)
        try:
            channel = grpc.insecure_channel(f"127.0.0.1:{port}")
            grpc.channel_ready_future(channel).result(PATIENCE_SECONDS)
            users = rpc.UserServiceStub(channel)
            check("calls whose log lines cannot be written", [create(users, number) for number in range(1_000)], list(range(6, 1_006)))
            server.terminate()
            check("a stop", server.wait(PATIENCE_SECONDS), 0)
        finally:
            server.kill()
            server.wait()


names_outside_of_ascii()
read_only_root()
full_disk_under_users()
no_room_for_the_log()
print(f"Odd places: {passed()} passed, 0 failed")
