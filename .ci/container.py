"""The command of conf/Dockerfile as a container would run it: as its user, as process 1, with a root that is read-only.

Needs root. Ends with "Container: N passed, 0 failed".
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

import mounts
from checks import check, passed
from directory_checks import pb, stub_of, user
from server import free_port, java, lines

mounts.enter()

with open("conf/Dockerfile", encoding="utf-8") as dockerfile:
    INSTRUCTIONS = dict(re.findall(r"^([A-Z]+) (.*)", dockerfile.read(), re.M))
USER, GROUP = INSTRUCTIONS["USER"].split(":")
# Becomes the program, which is then the first process of a namespace of its own.
CONTAINED = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
READ_ONLY = 'for place in / /dev/shm /tmp; do mount -o remount,bind,ro $place 2>/dev/null; done; exec "$@"'
AS_USER = ["setpriv", "--reuid", USER, "--regid", GROUP, "--clear-groups", "--no-new-privs", "--bounding-set=-all"]


def command(image, conf):
    jar = shutil.copy("target/user-service.jar", image)
    os.chmod(jar, 0o644)
    words = json.loads(INSTRUCTIONS["ENTRYPOINT"])
    words[0] = java()
    words[words.index("-jar") + 1] = jar
    return [*CONTAINED, "sh", "-c", READ_ONLY, "sh", *AS_USER, *words, "--conf", json.dumps(conf)]


@contextlib.contextmanager
def running(words, log, folder):
    """Yields the number of the program, as this namespace sees it, once it is ready."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder)
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if line == "Server is ready to accept requests...\n":
                break
        else:
            raise AssertionError(f"it did not start: {said} {lines(log)}")
        with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="utf-8") as children:
            program = int(children.read())
        yield program
        os.kill(program, signal.SIGTERM)
        check("a signal ends it in good order", process.wait(timeout=30), 0)
    finally:
        process.kill()
        process.wait()


def status(program, key):
    with open(f"/proc/{program}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file)[key].split("\t")


def start(store, image, folder):
    port = free_port()
    conf = {"port": port, "store": store, "management": {"port": 0}}
    with tempfile.NamedTemporaryFile("w") as log:
        with running(command(image, conf), log, folder) as program, stub_of(port) as users:
            check("it is the first process", status(program, "NSpid")[-1], "1")
            check("of a user without rights", (set(status(program, "Uid")), status(program, "CapBnd")), ({USER}, ["0" * 16]))
            created = users.CreateUser(user("Ada", f"{store['type']}@example.com"), timeout=30)
            check(store["type"], users.GetUser(pb.GetUserRequest(user_id=created.user_id)).name, "Ada")
            check("what it writes is in its folder", os.listdir(folder) != [], store["type"] != "memory")
        unexpected = [line for line in lines(log) if '"severity":"INFO"' not in line]
        check(f"nothing is wrong with it: {unexpected}", unexpected, [])


# The folder of this clone may be closed to other users.
with mounts.disk("size=256m,mode=755") as image, mounts.disk(f"size=256m,mode=700,uid={USER},gid={GROUP}") as data:
    start({"type": "memory"}, image, data)
    start({"type": "sqlite", "sqlite": {"file": f"{data}/users.db"}}, image, data)
    start({"type": "raft", "raft": {"servers": [f"127.0.0.1:{free_port()}"], "folder": f"{data}/raft"}}, image, data)
print(f"Container: {passed()} passed, 0 failed")
