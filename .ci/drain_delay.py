"""The drain keeps its promise to clients that are 20 ms away: no call that was begun fails when a server stops.

Each round stops one of two servers under calls of all kinds over several connections: unary calls without a pause, batches
half-way, lists that are read slowly, chats, watches, gRPC-Web over HTTP/2. Then connections that reach their max age, under
stock clients in Python, Node, Go and Java. Ends with "Drain: N passed, 0 failed".
"""

import asyncio
import collections
import contextlib
import json
import os
import sys
import time

import grpc

import odd_frames
from checks import check, passed
from directory_checks import pb, rpc
from frames import DATA, END_STREAM, MAX_WINDOW, block, frame, headers
from multiplexer import Call, Upstream
from relay import Relay
from server import running_server
from stock_clients import CLIENTS, call

ROUNDS = int(os.environ.get("ROUNDS", "5"))
DELAY_SECONDS = 0.02
CHANNELS = 3
LOOPS_PER_CHANNEL = 8
CALLS_AT_ONCE_BY_HAND = 8
USERS = 3_000
AGE_MILLIS = 500
CALLS_WITH_AGE = 10_000
LONGEST_DRAIN_SECONDS = 20

ALICE = pb.GetUserRequest(user_id=1)

tags = iter(range(1_000_000))


def user():
    return pb.CreateUserRequest(name="Ada Lovelace", email=f"ada{next(tags)}@example.com")


def how(error):
    details = [value for key, value in error.trailing_metadata() or () if key == "grpc-status-details-bin"]
    return f"{error.code().name}: {'SHUTTING_DOWN' if any(b'SHUTTING_DOWN' in value for value in details) else error.details()}"


class Round:
    """The calls of one round, by kind, and how they end."""

    def __init__(self, first, second):
        self.address = f"ipv4:127.0.0.1:{first.port},127.0.0.1:{second.port}"
        self.over = asyncio.Event()
        self.stopped = asyncio.Event()
        self.ends = collections.defaultdict(collections.Counter)
        self.tasks = []
        self.endless = []

    def spawn(self, kind, work):
        self.tasks.append(asyncio.ensure_future(self._counted(kind, work)))

    async def _counted(self, kind, work):
        try:
            await work
            self.ends[kind]["OK"] += 1
        except grpc.RpcError as error:
            self.ends[kind][how(error)] += 1
        except AssertionError as error:
            self.ends[kind][str(error)] += 1

    async def calls(self, channel):
        stub = rpc.UserServiceStub(channel)
        # Both servers know the channel before a stream is opened, so that each has one of two.
        for _ in range(20):
            await stub.GetUser(ALICE, wait_for_ready=True)
            await asyncio.sleep(DELAY_SECONDS / 4)
        for _ in range(2):
            self.spawn("batch", self.batch(stub))
            self.spawn("list", self.slow_list(stub))
            for kind, stream in ("chat", self.chat(stub)), ("watch", self.watch(channel)):
                self.endless.append(asyncio.ensure_future(self._counted(kind, stream)))
            await asyncio.sleep(DELAY_SECONDS * 3)
        for _ in range(LOOPS_PER_CHANNEL):
            self.spawn("loop of unary calls", self.unary(stub))

    async def unary(self, stub):
        while not self.over.is_set():
            try:
                await stub.GetUser(ALICE)
                self.ends["unary"]["OK"] += 1
            except grpc.RpcError as error:
                self.ends["unary"][how(error)] += 1
                await asyncio.sleep(DELAY_SECONDS)

    async def batch(self, stub):
        async def users():
            yield user()
            await self.stopped.wait()
            for _ in range(10):
                await asyncio.sleep(DELAY_SECONDS)
                yield user()

        found = await stub.BatchCreateUsers(users())
        assert found.users_created == 11, found

    async def slow_list(self, stub):
        read = 0
        async for _ in stub.ListUsers(pb.ListUsersRequest(limit=USERS)):
            read += 1
            if read == 1:
                await self.stopped.wait()
            if read % 100 == 0:
                await asyncio.sleep(DELAY_SECONDS)
        assert read == USERS, f"a list of {read}"

    async def chat(self, stub):
        async def says():
            yield pb.UserMessage(user_id=1, message="Hello")
            await asyncio.Event().wait()

        async for _ in stub.StreamUsers(says()):
            pass

    async def watch(self, channel):
        async for _ in channel.unary_stream("/grpc.health.v1.Health/Watch")(b""):
            pass


class ByHand(Upstream):
    """A connection that goes on with its calls after a GOAWAY, and begins no others."""

    def __init__(self):
        super().__init__(self)
        self.numbers = []
        self.closed = asyncio.Event()

    def go_away(self):
        self.numbers.append(self.last)

    def upstream_lost(self, reason, calls):
        self.closed.set()


async def by_hand(port, content_type, ends):
    """Unary calls without a pause until the first GOAWAY is read: all of them have to be answered."""
    _, connection = await asyncio.get_running_loop().create_connection(ByHand, "127.0.0.1", port)
    fields = odd_frames.fields(extra=[("content-type", content_type)])

    async def loop():
        while not connection.numbers and not connection.closed.is_set():
            one = Call(connection)
            # DATA may be on its way while the server says GOAWAY.
            one.send(headers(one.id, block(fields)))
            await asyncio.sleep(0)
            one.send(frame(DATA, END_STREAM, one.id, odd_frames.ALICE))
            end = await one.ended
            if "web" in content_type:
                ends[f"{end}, {'OK' if b'grpc-status:0' in one.data.replace(b' ', b'') else one.data}"] += 1
            else:
                ends[end] += 1

    await asyncio.gather(*(loop() for _ in range(CALLS_AT_ONCE_BY_HAND)))
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(connection.closed.wait(), LONGEST_DRAIN_SECONDS)
    connection.transport.close()
    return connection.numbers


async def fill(port):
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        await rpc.UserServiceStub(channel).BatchCreateUsers(user() for _ in range(USERS))


async def ended(process):
    for _ in range(LONGEST_DRAIN_SECONDS * 100):
        if process.poll() is not None:
            return process.returncode
        await asyncio.sleep(0.01)
    return "never"


async def one_round(stopping, staying):
    (port, process), (other, _) = stopping, staying
    await fill(port)
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(Relay(port, DELAY_SECONDS))
        second = await stack.enter_async_context(Relay(other, DELAY_SECONDS))
        calls = Round(first, second)
        options = [("grpc.lb_policy_name", "round_robin"), ("grpc.use_local_subchannel_pool", 1), ("grpc.default_authority", "localhost")]
        channels = [await stack.enter_async_context(grpc.aio.insecure_channel(calls.address, options=options)) for _ in range(CHANNELS)]
        await asyncio.gather(*map(calls.calls, channels))
        hands = [
            asyncio.ensure_future(by_hand(first.port, kind, calls.ends[f"by hand, {kind}"]))
            for kind in ("application/grpc", "application/grpc-web+proto")
        ]
        await asyncio.sleep(DELAY_SECONDS * 20)
        process.terminate()
        calls.stopped.set()
        numbers = await asyncio.gather(*hands)
        code = await ended(process)
        await asyncio.sleep(DELAY_SECONDS * 10)
        calls.over.set()
        await asyncio.gather(*calls.tasks)
        # Those of the other server.
        for stream in calls.endless:
            stream.cancel()
        for end in await asyncio.gather(*calls.endless, return_exceptions=True):
            assert end is None or isinstance(end, asyncio.CancelledError), end
    ends = {kind: dict(found) for kind, found in calls.ends.items()}
    print(ends, numbers, sep=", ")
    check("the server's end", code, 0)
    for kind in "unary", "batch", "list":
        check(f"ends of {kind} calls", list(ends[kind]), ["OK"])
    check("ends of calls by hand", list(ends["by hand, application/grpc"]), ["grpc 0"])
    check("ends of gRPC-Web by hand", list(ends["by hand, application/grpc-web+proto"]), ["http 200, OK"])
    for kind in "chat", "watch":
        check(f"ends of {kind}", list(ends.get(kind, {})), ["UNAVAILABLE: SHUTTING_DOWN"])
    # RFC 9113, section 6.8: the first lets every call in, the second comes a round trip later.
    check("GOAWAYs of a connection", [len(each) >= 2 and each[0] == MAX_WINDOW and each[-1] < MAX_WINDOW for each in numbers], [True] * 2)


def drains():
    with contextlib.ExitStack() as servers:
        staying = servers.enter_context(running_server())
        asyncio.run(fill(staying[0]))
        for _ in range(ROUNDS):
            with running_server() as stopping:
                asyncio.run(one_round(stopping, staying))


async def with_age(name, command, port):
    async with Relay(port, DELAY_SECONDS) as relay:
        found = await call(command, relay.port, CALLS_WITH_AGE)
    print(f"{name}: {found['ok']} calls in {found['seconds']:.1f} s over {relay.connections} connections")
    check(f"failed calls over connections with an age, {name}", found["failed"], {})
    check(f"calls over connections with an age, {name}", found["ok"], CALLS_WITH_AGE)
    check(f"one connection for each age, {name}", relay.connections >= found["seconds"] * 1000 / AGE_MILLIS / 2, True)


def ages(names):
    limits = {"connectionAgeMillis": AGE_MILLIS, "connectionAgeGraceMillis": 60_000}
    commands = {name: CLIENTS[name]() for name in names}
    with running_server(json.dumps({"port": 0, "limits": limits})) as (port, _):
        for name, command in commands.items():
            asyncio.run(with_age(name, command, port))


began = time.monotonic()
drains()
ages(sys.argv[1:] or list(CLIENTS))
print(f"Drain: {passed()} passed, 0 failed in {time.monotonic() - began:.0f} s")
