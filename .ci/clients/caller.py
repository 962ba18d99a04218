"""A stock Python client. Its arguments are those of every client here:

  ADDRESS CALLS AT_ONCE CHANNELS ODD TAG [CA]

It makes CALLS GetUser calls, AT_ONCE at a time, over CHANNELS channels one after the other. A chat and a batch are open
on each channel from before its first call until after its last. With ODD above 0, one odd call follows each ODD good ones
on the same channel. TAG makes e-mail addresses unique. Prints one line of JSON: how many calls ended how.
"""

import collections
import contextlib
import itertools
import json
import sys
import threading
import time

import grpc

from directory_checks import pb, rpc

address, calls, at_once, channels, every, tag = sys.argv[1], *map(int, sys.argv[2:6]), sys.argv[6]
authority = sys.argv[7] if len(sys.argv) > 7 else None
ALICE = pb.GetUserRequest(user_id=1)
# More than limits.messageBytes.
LARGE = pb.CreateUserRequest(name="a" * 5_000_000)
failed = collections.Counter()
odd_ends = collections.defaultdict(collections.Counter)
ok = itertools.count()
lock = threading.Lock()


def open_channel():
    if not authority:
        return grpc.insecure_channel(address)
    with open(authority, "rb") as file:
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(file.read()))


def end_of(call):
    if call.cancelled():
        return "CANCELLED"
    return call.code().name if call.code() == grpc.StatusCode.OK else f"{call.code().name}: {call.details()}"


def cancel(call):
    call.cancel()
    return call


def cancel_soon(call):
    threading.Timer(0.001, call.cancel).start()
    return call


def odd_calls(channel):
    stub = rpc.UserServiceStub(channel)
    unknown = channel.unary_unary("/users.v1.UserService/Nothing", pb.GetUserRequest.SerializeToString, pb.UserResponse.FromString)
    return itertools.cycle([
        ("space", lambda: stub.GetUser.future(ALICE, metadata=[("a", " b"), ("c", "d ")])),
        ("cancelled", lambda: cancel(stub.GetUser.future(ALICE))),
        ("cancelled soon", lambda: cancel_soon(stub.GetUser.future(ALICE))),
        ("deadline of 1 ms", lambda: stub.GetUser.future(ALICE, timeout=0.001)),
        ("unknown method", lambda: unknown.future(ALICE)),
        ("too large", lambda: stub.CreateUser.future(LARGE)),
    ])  # fmt: skip


def run(number):
    with open_channel() as channel:
        stub = rpc.UserServiceStub(channel)
        done = threading.Event()

        def says():
            yield pb.UserMessage(user_id=1, message="I am here")
            done.wait()

        def users():
            for i in range(2):
                yield pb.CreateUserRequest(name="A", email=f"{tag}.{number}.{i}@example.com")
                done.wait()

        chat = stub.StreamUsers(says())
        with contextlib.suppress(grpc.RpcError):
            next(chat)
        batch = stub.BatchCreateUsers.future(users())
        odd = odd_calls(channel)
        free = threading.Semaphore(at_once)
        waiting = []

        def ended(call):
            how = end_of(call)
            with lock:
                if how == "OK":
                    next(ok)
                else:
                    failed[how] += 1
            free.release()

        for i in range(calls // channels):
            free.acquire()
            stub.GetUser.future(ALICE).add_done_callback(ended)
            if every and i % every == 0:
                name, call = next(odd)
                waiting.append((name, call()))
        for _ in range(at_once):
            free.acquire()
        done.set()
        for name, call in [("chat", chat), ("batch", batch)]:
            how = end_of_stream(call) if name == "chat" else end_of(call)
            if how != "OK":
                failed[f"{name}, {how}"] += 1
        for name, call in waiting:
            odd_ends[name][end_of(call)] += 1


def end_of_stream(call):
    try:
        for _ in call:
            pass
    except grpc.RpcError:
        pass
    return end_of(call)


began = time.monotonic()
for i in range(channels):
    run(i)
print(json.dumps({"ok": next(ok), "failed": failed, "odd": odd_ends, "seconds": round(time.monotonic() - began, 1)}))
