"""The clock is set back and forth under a server: by hours, and by more than a year.

Needs Debian's libfaketime, whose clock is read from a file. Ends with "Clock: N passed, 0 failed".
"""

import glob
import json
import os
import queue
import subprocess
import tempfile
import threading

import grpc

from checks import check, passed
from databases import PATIENCE_SECONDS, wait_until
from directory_checks import code_of, pb, stub_of
from load import Load
from server import java, running_server

JUMPS = ("+2h", "-2h", "+400d", "-400d", "+0s")
ROUNDS = 3
CALLS_A_JUMP = 20
CALLERS = 2
SECRET = "for a moment"


class Clock:
    """The time that a process started within it reads."""

    def __init__(self, folder):
        self.file = os.path.join(folder, "clock")
        self.set("+0s")
        # Elapsed time is that of the kernel, which does not follow the clock.
        self.within = ["env", f"LD_PRELOAD={glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1')[0]}", "FAKETIME_DONT_FAKE_MONOTONIC=1"]
        self.within += ["FAKETIME_NO_CACHE=1", f"FAKETIME_TIMESTAMP_FILE={self.file}"]

    def set(self, shift):
        with open(f"{self.file}.new", "w", encoding="ascii") as file:
            file.write(shift)
        os.rename(file.name, self.file)


class Chat:
    """One member, whose stream stays open."""

    def __init__(self, stub):
        self.said = queue.Queue()
        self.heard = 0
        self.end = None
        self.thread = threading.Thread(target=self._listen, args=(stub,))
        self.thread.start()

    def _listen(self, stub):
        try:
            for _ in stub.StreamUsers(iter(self.said.get, None)):
                self.heard += 1
            self.end = "OK"
        except grpc.RpcError as error:
            self.end = f"{error.code().name}: {error.details()}"

    def say(self, text):
        self.said.put(pb.UserMessage(user_id=1, message=text))

    def leave(self):
        self.said.put(None)
        self.thread.join()


def calls_go_on(folder):
    clock = Clock(folder)
    conf = {
        "port": 0,
        "keepalive": {"intervalMillis": 2_000, "timeoutMillis": 10_000},
        "store": {"type": "sqlite", "sqlite": {"file": os.path.join(folder, "users.db")}},
    }
    with running_server(json.dumps(conf), within=clock.within) as (port, _), stub_of(port) as stub:
        load, chat = Load(port, CALLERS, PATIENCE_SECONDS), Chat(stub)
        years = set()
        for jump in JUMPS * ROUNDS:
            clock.set(jump)
            wanted, heard = len(load.answered) + CALLS_A_JUMP, chat.heard
            chat.say(jump)
            wait_until(f"calls after {jump}: {load.failed}", lambda: len(load.answered) >= wanted or load.failed)
            wait_until(f"a chat after {jump}: {chat.end}", lambda: chat.heard > heard or chat.end)
            years.add(load.answered[-1].created_at[:4])
        load.stop()
        chat.leave()
        check("calls", load.failed, [])
        check("the chat", chat.end, "OK")
        check(f"the clock was another: {years}", len(years) >= 2, True)
        check("ids", len({user.user_id for user in load.answered}), len(load.answered))
        listed = {user.user_id: user for user in stub.ListUsers(pb.ListUsersRequest(), timeout=60)}
        check("users", [user for user in load.answered if listed.get(user.user_id) != user], [])


def tokens_follow_the_clock(folder):
    key, certificate, store = (os.path.join(folder, name) for name in ("issuer.key", "issuer.pem", "issuer.p12"))
    for words in (
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=issuer", "-keyout", key, "-out", certificate],
        ["pkcs12", "-export", "-name", "issuer", "-inkey", key, "-in", certificate, "-passout", f"pass:{SECRET}", "-out", store],
    ):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    made = subprocess.run(
        [java(), "src/demo/Token.java", store, "users:read"], env=dict(os.environ, SECRET=SECRET), check=True, capture_output=True, text=True
    )
    jwt = {"keysFile": certificate, "issuer": "https://issuer.example.com", "audience": ["user-service"]}
    conf = {"port": 0, "insecure": True, "sampleUsers": True, "auth": {"jwt": jwt, "rights": {"users.v1.UserService/GetUser": ["users:read"]}}}
    clock = Clock(folder)
    with running_server(json.dumps(conf), within=clock.within) as (port, _), stub_of(port) as stub:
        bearer = [("authorization", f"Bearer {made.stdout.strip()}")]
        for shift, expected in ("+0s", "OK"), ("+2h", "UNAUTHENTICATED"), ("+0s", "OK"), ("+400d", "UNAUTHENTICATED"), ("-2h", "OK"):
            clock.set(shift)
            code, _ = code_of(lambda: stub.GetUser(pb.GetUserRequest(user_id=1), metadata=bearer, timeout=PATIENCE_SECONDS))
            check(f"a token for ten minutes at {shift}", code, expected)


for test in calls_go_on, tokens_follow_the_clock:
    with tempfile.TemporaryDirectory() as place:
        test(place)
print(f"Clock: {passed()} passed, 0 failed")
