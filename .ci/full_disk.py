"""Starts with a database file on a disk that is full, or nearly: the server serves, or says that the disk has no room.

Needs root. Ends with "Full disk: N passed, 0 failed".
"""

import json
import os
import subprocess

import mounts
from checks import check, passed
from server import java

PAGE = 4096
# The lock, the file, SQLite's log and the index of that need some of each; a start with a few pages fails at another of them.
FREE_PAGES = (0, 2, 5, 30)

mounts.enter()


def free_pages(folder):
    return os.statvfs(folder).f_bavail


def start(folder):
    """Starts a server; stops it if it serves. Returns its exit code and what it wrote to stderr."""
    conf = json.dumps({"port": 0, "log": "text", "store": {"type": "sqlite", "sqlite": {"file": f"{folder}/users.db"}}})
    command = [java(), "-Xmx64m", "-jar", "target/user-service.jar", "--conf", conf]
    with subprocess.Popen(command, env=dict(os.environ, LC_ALL="C"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        for line in server.stdout:
            if line.startswith("Server is ready"):
                server.terminate()
        err = server.stderr.read()
    return server.returncode, err


def on_a_full_disk(prepare, options, leave):
    """Returns the result of a start on a disk of its own, after `prepare` and with so many free pages."""
    with mounts.disk(f"size=8m,{options}") as folder:
        prepare(folder)
        with open(os.path.join(folder, "ballast"), "wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, (free_pages(folder) - leave) * PAGE)
        return start(folder)


def nothing(_):
    pass


def a_database(folder):
    code, err = start(folder)
    assert code == 0, (code, err)


codes = []
for prepare, pages in ((nothing, FREE_PAGES), (a_database, (0, 5))):
    for leave in pages:
        code, err = on_a_full_disk(prepare, "mode=700", leave)
        if code != 0:
            said = "users.db has no room on its disk" in err
            check(f"{prepare.__name__}, {leave} pages: {err}", (code, said), (6, True))
        codes.append(code)
check("some starts succeed, and some do not", set(codes), {0, 6})
# The folder itself and the ballast are the two files.
code, err = on_a_full_disk(nothing, "mode=700,nr_inodes=2", 100)
check(f"no room for a name: {err}", (code, "users.db" in err and "No space left on device" in err), (6, True))
print(f"Full disk: {passed()} passed, 0 failed")
