"""run_demo.sh when things go wrong: a taken port, an interrupt, another folder, two at once."""

import os
import signal
import socket
import subprocess
import tempfile

DEMO = os.path.abspath("run_demo.sh")
passed = 0


def demo(port, **options):
    return subprocess.Popen(
        [DEMO], env=dict(os.environ, USER_SERVICE_PORT=str(port)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def check(what, holds, *evidence):
    global passed
    assert holds, (what, *evidence)
    passed += 1


def servers():
    return subprocess.run(["pgrep", "-f", "user-service.jar"], capture_output=True, text=True).stdout.split()


with socket.socket() as taken:
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    port = taken.getsockname()[1]
    process = demo(port)
    out, err = process.communicate(timeout=60)
    check("a taken port", process.returncode == 4, process.returncode, err)
    check("says which", f"port {port} of 127.0.0.1 is in use" in err, err)
    check("says how to choose another", "USER_SERVICE_PORT=50052" in err, err)

with tempfile.TemporaryDirectory() as elsewhere:
    both = [demo(0, cwd=elsewhere), demo(0, cwd=elsewhere)]
    for process in both:
        out, err = process.communicate(timeout=120)
        check("two at once, from another folder", process.returncode == 0, process.returncode, err)
        check("both pass", out.endswith("5/5 scenarios passed\n"), out)

for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
    process = demo(0)
    for line in process.stdout:
        if line.startswith("1. "):
            break
    process.send_signal(number)
    process.communicate(timeout=60)
    check("interrupted", process.returncode == code, process.returncode)
    check("leaves no server behind", not servers(), servers())

# As a terminal does it: to all processes of the group, the client among them.
process = demo(0, start_new_session=True)
for line in process.stdout:
    if line.startswith("1. "):
        break
os.killpg(process.pid, signal.SIGINT)
out, err = process.communicate(timeout=60)
check("interrupted by Ctrl-C", process.returncode == 130, process.returncode, err)
check("in one line", err == "user-service: interrupted before all scenarios had passed\n", err)
check("no further scenario", "2. " not in out and "failed" not in out, out)
check("leaves no server behind either", not servers(), servers())

process = subprocess.run([DEMO, "--nope"], capture_output=True, text=True)
check("an argument that there is not", process.returncode == 2 and "--nope" in process.stderr, process.stderr)
print(f"run_demo.sh: {passed} passed, 0 failed")
