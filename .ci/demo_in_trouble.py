"""run_demo.sh when things go wrong: a taken port, an interrupt, another folder, two at once, a build; and what it says while it waits."""

import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

DEMO = os.path.abspath("run_demo.sh")
passed = 0


def listen_to_interrupts():
    # What a shell starts in the background ignores them, and so does all that it starts.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def demo(port, settings=None, arguments=(), **options):
    return subprocess.Popen(
        [DEMO, *arguments],
        env=dict(os.environ, USER_SERVICE_PORT=str(port), **(settings or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listen_to_interrupts,
        **options,
    )


def check(what, holds, *evidence):
    global passed
    assert holds, (what, *evidence)
    passed += 1


def remaining(group):
    """The processes of a group that still run after ten seconds: an ended one is listed until its parent reads that."""
    for _ in range(100):
        left = subprocess.run(["pgrep", "-g", str(group), "-l"], capture_output=True, text=True).stdout
        if not left:
            break
        time.sleep(0.1)
    return left


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

process = demo(0, {"JAVA_HOME": "/not/there"})
out, err = process.communicate(timeout=60)
check("JAVA_HOME that is not there", (process.returncode, out) == (3, "") and "no bin/java in JAVA_HOME, /not/there" in err, err)

with tempfile.TemporaryDirectory() as elsewhere:
    link = os.path.join(elsewhere, "demo")
    os.symlink(DEMO, link)
    for command in ([link, "--help"], ["sh", link, "--help"]):
        called = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, timeout=60)
        check("another shell, or a link", called.stdout.startswith("Usage: ./run_demo.sh"), called)
    called = subprocess.run(["sh", link], cwd=elsewhere, env=dict(os.environ, USER_SERVICE_PORT="0"), capture_output=True, text=True, timeout=120)
    check("by a link", called.stdout.endswith("5/5 scenarios passed\n"), called)

with tempfile.TemporaryDirectory() as folder:
    for name in ("run_demo.sh", "pom.xml"):
        shutil.copy(name, folder)
    os.chmod(folder, 0o555)
    # For root, every folder can be written.
    called = subprocess.run([os.path.join(folder, "run_demo.sh")], user="nobody", capture_output=True, text=True, timeout=60)
    check("a folder that cannot be written", called.returncode == 3 and f"cannot build in {folder}" in called.stderr, called)

# Where the machine has it; that of a host without IPv6 is in MainTest.
if os.path.exists("/proc/net/if_inet6"):
    process = demo(0, {"USER_SERVICE_HOST": "::1"})
    out, err = process.communicate(timeout=60)
    check("an IPv6 address", process.returncode == 0 and "Server [::1]:" in out, out, err)

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
# A chat with pauses takes longer than the signal.
slow = {"USER_CLIENT_SCENARIOS": "chat,get", "USER_CLIENT_PAUSE_MILLIS": "10000"}
process = demo(0, slow, start_new_session=True)
for line in process.stdout:
    if "Server received: Hello" in line:
        break
os.killpg(process.pid, signal.SIGINT)
out, err = process.communicate(timeout=60)
check("interrupted by Ctrl-C", process.returncode == 130, process.returncode, err)
check("in one line", err == "user-service: interrupted before all scenarios had passed\n", err)
check("no further scenario", "2. " not in out and "failed" not in out, out)
check("leaves no server behind either", not servers(), servers())

for arguments in ["--keep"], ["--keep", "--cluster"]:
    process = demo(0, arguments=arguments, start_new_session=True)
    for line in process.stdout:
        if line.startswith("=== Kept: "):
            break
    with urllib.request.urlopen(line.split()[2]) as page:
        check("a kept server has a page", "text/html" in page.headers["content-type"], page.headers)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    check("Ctrl-C stops it", process.returncode == 130, process.returncode, err)
    check("and leaves no server behind", not servers(), servers())

for arguments, said in (
    (["--nope"], "unknown: --nope; --help"),
    (["--cluster", "x"], "unknown: x; --help"),
    (["--secure", "--cluster", "x"], "unknown: x; --help"),
    (["--secure", "--keep"], "--keep and --secure exclude each other"),
):
    process = subprocess.run([DEMO, *arguments], capture_output=True, text=True)
    check("arguments that are not taken", process.returncode == 2 and said in process.stderr, process.stderr)
for option in "--help", "-h":
    process = subprocess.run([DEMO, option], capture_output=True, text=True)
    check("help", process.returncode == 0 and not process.stderr, process.returncode, process.stderr)
    for word in "--cluster", "--secure", "USER_SERVICE_PORT", "JAVA_HOME", "Exit codes":
        check(f"help has {word}", word in process.stdout, process.stdout)


def on_a_terminal(port):
    """Starts the demo on a terminal of its own; returns the process and what shows all that the terminal has got."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [DEMO], env=dict(os.environ, USER_SERVICE_PORT=str(port)), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)

    def shown():
        text = b""
        try:
            while chunk := os.read(ours, 65536):
                text += chunk
        except OSError:
            pass  # All have closed it.
        os.close(ours)
        return text.decode()

    return process, shown


os.utime("pom.xml")
builds, shown = on_a_terminal(0)
while not os.path.exists(".run_demo.lock/pid"):
    assert builds.poll() is None, shown()
    time.sleep(0.1)
waits = demo(0)
text = shown()
check("builds on a terminal", builds.wait(timeout=60) == 0, text)
check("progress is redrawn", len(re.findall(r"\rrun_demo\.sh: building, \d+ s: [^\r]+\r", text)) > 3, text)
check("and leaves an empty line", re.search(r"\r {79}\r", text), text)
out, err = waits.communicate(timeout=300)
check("waits for the other's build", waits.returncode == 0, out, err)
check("says so", "run_demo.sh: waiting for another run_demo.sh to build, " in err, err)
check("in few lines", 1 < err.count("\n") < 10 and "\r" not in err, err)

os.utime("pom.xml")
process = demo(0, start_new_session=True)
while not os.path.exists("target/run_demo.build.log") or os.path.getmtime("target/run_demo.build.log") < os.path.getmtime("pom.xml"):
    assert process.poll() is None, process.communicate()
    time.sleep(0.1)
os.killpg(process.pid, signal.SIGINT)
process.communicate(timeout=60)
check("interrupted while it builds", process.returncode == 130, process.returncode)
left = remaining(process.pid)
check("leaves no build behind", not left and not os.path.exists(".run_demo.lock"), left)

process = subprocess.run([DEMO], env=dict(os.environ, MAVEN_OPTS="-Dmaven.repo.local=/dev/null/none"), capture_output=True, text=True)
check("a build that fails", process.returncode == 3, process.returncode, process.stderr)
check("says why", "[ERROR]" in process.stderr and "the build failed; Maven says why, above and in target/" in process.stderr, process.stderr)
check("leaves no lock behind", not os.path.exists(".run_demo.lock"))
# What it has not built is not older than it says.
os.utime("target/user-service.jar")
print(f"run_demo.sh: {passed} passed, 0 failed")
