"""A database file that is mounted without its folder, as a container may have it, is refused."""

import json
import os
import subprocess
import tempfile

from checks import check, passed
from server import java

with tempfile.TemporaryDirectory() as folder:
    host = os.path.join(folder, "host.db")
    mounted = os.path.join(folder, "a folder", "users.db")
    os.mkdir(os.path.dirname(mounted))
    for path in (host, mounted):
        os.close(os.open(path, os.O_CREAT, 0o600))
    conf = json.dumps({"port": 0, "store": {"type": "sqlite", "sqlite": {"file": mounted}}})
    # In a mount namespace of its own, which ends with it.
    server = subprocess.run(
        ["unshare", "--mount", "sh", "-c", 'mount --bind "$1" "$2" && shift 2 && exec "$@"', "sh", host, mounted]
        + [java(), "-jar", "target/user-service.jar", "--conf", conf],
        capture_output=True,
        text=True,
        timeout=60,
    )
    check(f"exit code, {server.stderr}", server.returncode, 6)
    check(f"why, {server.stderr}", f"{mounted} is mounted without its folder" in server.stderr, True)
    check("what is written", os.path.getsize(host), 0)
print(f"Mounted file: {passed()} passed, 0 failed")
