"""Runs the commands of README.md, and then of each page in src/docs, as they are printed, in a fresh clone.

A block of bash runs to its end and must succeed. A comment before it says otherwise:
<!-- ci: background --> starts it, in the place of what runs, and waits for the server to be ready;
<!-- ci: background, ready together with the next --> does not wait: it is ready when the next is;
<!-- ci: beside --> starts it too, beside what runs, and may be ready together with the next as well;
<!-- ci: skip, WHY --> leaves it out. <!-- ci: alone --> stops first what runs in the background: a jar must not be
replaced under a running program, nor a database.
A block of Python runs where the block before it has put its files.
"""

import glob
import os
import re
import signal
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"(?:<!-- ci: (?P<note>[^\n]*?) -->\n)?```(?P<kind>bash|python)\n(?P<code>.*?)```", re.S)

folder = tempfile.TemporaryDirectory()
clone = os.path.join(folder.name, "user-service")
subprocess.run(["git", "clone", "--quiet", ".", clone], check=True)
environment = dict(os.environ, PATH="/usr/bin:" + os.environ["PATH"])
PAGES = ["README.md", *sorted(glob.glob("src/docs/*.md"))]

background = []
page = ""
ran = 0


def run(kind, code):
    program = ["bash", "-euo", "pipefail", "-c", code] if kind == "bash" else ["/usr/bin/python3", "-c", code]
    result = subprocess.run(program, cwd=clone, env=environment, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{page}: this fails:\n{code}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}")
    return result.stdout


def start(code):
    """In a process group of its own, so that exactly what was started is stopped."""
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", code], cwd=clone, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    background.append(process)
    return process


def wait_until_ready(process, code):
    for line in process.stdout:
        if line.startswith("Server is ready"):
            return
    sys.exit(f"{page}: this does not become ready:\n{code}")


def stop_background():
    while background:
        process = background.pop()
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def run_page():
    global ran
    for block in BLOCK.finditer(open(page, encoding="utf-8").read()):
        note, kind, code = block.group("note") or "", block.group("kind"), block.group("code")
        print(f"--- {page}, {note or kind}: {code.strip().splitlines()[0][:100]}", flush=True)
        if note.startswith("skip"):
            continue
        if note.startswith(("alone", "background")):
            stop_background()
        ran += 1
        if note.startswith(("background", "beside")):
            process = start(code)
            if "together" not in note:
                wait_until_ready(process, code)
        else:
            output = run(kind, code)
            if "--explain" in code:
                assert "USER_SERVICE_LIMITS_BATCH_USERS" in output and "USER_CLIENT_TLS_CA_FILE" in output, output
            elif "run_demo.sh" in code or "ClientVerticle" in code:
                assert re.search(r"(\d)/\1 scenarios passed\n$|3 calls were refused: as it should be", output), output
            if "LoadVerticle" in code:
                assert re.search(r"^\| get .*\| +0 \|\n\| list .*\| +0 \|\n", output, re.M), output
            if kind == "python" and page == "README.md":
                assert output.startswith("Alice Johnson\n"), output
    stop_background()


try:
    for page in PAGES:
        run_page()
finally:
    stop_background()
print(f"Pages: {ran} passed, 0 failed")
