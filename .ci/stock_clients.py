"""The stock clients in .ci/clients: how each is built, and run to its end.

Node finds its packages by NODE_PATH. Java takes the class path that src/bench/run.sh leaves in target/bench.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile

from server import java

AT_ONCE = 50
LONGEST_RUN_SECONDS = 120

folder = tempfile.TemporaryDirectory()
tags = iter(range(1_000_000))


def path(*names):
    return os.path.join(folder.name, *names)


def build_go():
    """As src/bench/run.sh does: from Debian's sources, without modules."""
    generated = path("src", "userservice", "proto")
    os.makedirs(generated)
    options = f"--go_out=plugins=grpc,paths=source_relative:{generated}"
    subprocess.run(["protoc", "-I", "src/main/proto", options, "user_service.proto"], check=True)
    shutil.copy(".ci/clients/caller.go", path("src", "userservice"))
    go = {"GO111MODULE": "off", "GOPATH": f"{folder.name}:/usr/share/gocode", "GOCACHE": path("cache")}
    subprocess.run(["go", "build", "-o", path("caller"), "userservice"], env=dict(os.environ, **go), check=True)
    return [path("caller")]


def java_command():
    with open("target/bench/class.path", encoding="utf-8") as file:
        classes = f"target/test-classes:target/classes:{file.read()}"
    return [java(), "-cp", classes, ".ci/clients/Caller.java"]


CLIENTS = {
    "python": lambda: [sys.executable, ".ci/clients/caller.py"],
    "node": lambda: ["node", ".ci/clients/caller.js"],
    "go": build_go,
    "java": java_command,
}


async def call(command, port, calls, at_once=AT_ONCE, channels=1, every=0, authority=None):
    """Runs a client to its end; what it has counted."""
    words = [f"localhost:{port}", calls, at_once, channels, every, f"tag{next(tags)}", *([authority] if authority else [])]
    environment = dict(os.environ, PYTHONPATH=".ci")
    process = await asyncio.create_subprocess_exec(*command, *map(str, words), stdout=subprocess.PIPE, env=environment)
    try:
        out, _ = await asyncio.wait_for(process.communicate(), LONGEST_RUN_SECONDS)
    except asyncio.TimeoutError:
        process.kill()
        await process.wait()
        return {"ok": 0, "failed": {"the client did not end": 1}, "odd": {}, "seconds": LONGEST_RUN_SECONDS}
    assert process.returncode == 0, f"{command[0]} ended with {process.returncode}"
    return json.loads(out)
