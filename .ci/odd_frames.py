"""Calls that are odd, each as a function of the multiplexer's Call.

None of them may end another call. Those of TAKEN end OK as well: RFC 9113 allows them, or both grpc-go and grpc-java
answer them.
"""

import asyncio
import struct

from frames import (
    CANCEL, DATA, END_HEADERS, END_STREAM, HAS_PRIORITY, HEADERS, PADDED, PRIORITY, frame, headers, literal, block, reset,
    settings, window_update,
)  # fmt: skip
from multiplexer import WINDOW

SERVICE = "/users.v1.UserService/"
ALICE = b"\0\0\0\0\2\x08\1"
JOHN = b"\0\0\0\0\3\x0a\1J"
HELLO = b"\0\0\0\0\3\x12\1J"
EMPTY = b"\0\0\0\0\0"

# Long enough for the server to have answered, short enough for a run of all.
MOMENT_SECONDS = 0.005

CALLS = {}
TAKEN = set()
_turns = {}


def fields(path=SERVICE + "GetUser", method="POST", scheme="http", authority="localhost", extra=(), first=()):
    """The header list of a call; None leaves a pseudo header out."""
    pseudo = [(":method", method), (":scheme", scheme), (":path", path), (":authority", authority)]
    usual = [("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "odd")]
    replaced = {name for name, _ in extra}
    return [*first, *[f for f in pseudo if f[1] is not None], *[f for f in usual if f[0] not in replaced], *extra]


def good(stream):
    """The frames of a GetUser that has nothing odd."""
    return headers(stream, block(fields())) + frame(DATA, END_STREAM, stream, ALICE)


async def moment(future, seconds=1):
    """Waits for the server, but not for ever."""
    await asyncio.wait([future], timeout=seconds)


def odd(name, taken=False):
    def add(function):
        CALLS[name] = function
        if taken:
            TAKEN.add(name)
        return function

    return add


def plain(name, header_block, message=ALICE, taken=False):
    """HEADERS, then DATA: every other time in one write, else when the server has had time to refuse."""

    async def send(call):
        _turns[name] = _turns.get(name, 0) + 1
        if _turns[name] % 2:
            call.send(headers(call.id, header_block), frame(DATA, END_STREAM, call.id, message))
        else:
            call.send(headers(call.id, header_block))
            await asyncio.sleep(MOMENT_SECONDS)
            call.send(frame(DATA, END_STREAM, call.id, message))

    odd(name, taken)(send)


def metadata(name, field, value, **how):
    plain(name, block(fields(extra=[(field, value)])), **how)


# Metadata.
metadata("a value with a leading space", "a", " b", taken=True)
metadata("a value with a trailing space", "a", "b ", taken=True)
metadata("a value of a space", "a", " ", taken=True)
metadata("a value with a leading tab", "a", "\tb", taken=True)
metadata("an empty value", "a", "", taken=True)
metadata("NUL in a value", "a", b"b\0c")
metadata("LF in a value", "a", b"b\nc")
metadata("CR in a value", "a", b"b\rc")
metadata("bytes beyond ASCII in a value", "a", b"b\xff\xc3\xa9", taken=True)
metadata("DEL in a value", "a", b"b\x7f")
metadata("a binary value that is not base64", "a-bin", "%%%")
metadata("an upper-case name", "Abc", "b")
metadata("an empty name", "", "b")
metadata("a name with a space", "a b", "c")
metadata("a name with a colon", "a:b", "c")
metadata("a name with NUL", b"a\0b", "c")
metadata("a name beyond ASCII", b"\xc3\xa9", "c")

# Fields of a connection, and of HTTP.
for value in "trailers, deflate", "gzip", "", "Trailers":
    metadata(f"te: {value}", "te", value)
for name, value in {
    "connection": "close", "keep-alive": "timeout=5", "proxy-connection": "close", "transfer-encoding": "chunked",
    "upgrade": "h2c", "expect": "100-continue", "host": "elsewhere", "content-length": "100", "grpc-encoding": "unknown",
    "grpc-timeout": "soon", "grpc-accept-encoding": ",,;", "content-type": "text/plain", "cookie": "a=b; c",
}.items():  # fmt: skip
    metadata(f"{name}: {value}", name, value)
for value in "3", "-1", "abc", "99999999999999999999":
    metadata(f"content-length: {value}", "content-length", value)
plain("two lengths", block(fields(extra=[("content-length", "7"), ("content-length", "8")])))
plain("te twice", block([*fields(), ("te", "gzip")]))
plain("no te", block([field for field in fields() if field[0] != "te"]))
plain("no content-type", block([field for field in fields() if field[0] != "content-type"]))

# Pseudo headers.
for value in "", "/run/user.sock", "xds:///x", "localhost:99999", "u@localhost", "user:secret@localhost", "bücher.example", "[::1", "%zz":
    plain(f"authority {value!r}", block(fields(authority=value)), taken=True)
plain("no authority", block(fields(authority=None)), taken=True)
plain("no method", block(fields(method=None)))
plain("no scheme", block(fields(scheme=None)))
plain("no path", block(fields(path=None)))
plain("two paths", block(fields(first=[(":path", SERVICE + "GetUser")])))
plain("two methods", block(fields(first=[(":method", "GET")])))
plain("an unknown pseudo header", block(fields(first=[(":odd", "x")])))
plain("a pseudo header of a response", block(fields(first=[(":status", "200")])))
plain("a pseudo header after a regular one", block([("a", "b"), *fields()]))
for value in "GET", "CONNECT", "post", "", "PO ST":
    plain(f"method {value!r}", block(fields(method=value)))
for value in "https", "ftp", "", "a b":
    plain(f"scheme {value!r}", block(fields(scheme=value)))

# Paths.
for value in "?", "*", "", "users", "//", "/", "/?", "/%00", "/a b", "http://localhost/x", SERVICE + "GetUser?x", SERVICE + "GetUser#x", SERVICE:
    plain(f"path {value!r}", block(fields(path=value)))
plain("a path of 3,900 slashes", block(fields(path="/" * 3_900)))
plain("a path of 2 KB", block(fields(path="/" + "a" * 2_048)))
plain("a path beyond ASCII", block(fields(path="/" + "é" * 8)))
plain("a path with NUL", block(fields(path=b"/a\0b")))

# Header lists beyond limits.headerBytes.
for size in 9_000, 12_000, 40_000:
    metadata(f"a value of {size} bytes", "a", "b" * size)
plain("300 fields", block(fields(extra=[(f"a{i}", "b" * 20) for i in range(300)])))

# Messages.
plain("an unknown method", block(fields(path=SERVICE + "GetUsers")))
plain("an unknown service", block(fields(path="/a/b")))
plain("no message", block(fields()), b"")
plain("half a message", block(fields()), ALICE[:6])
plain("two messages", block(fields()), ALICE * 2)
plain("a message that is not protobuf", block(fields()), b"\0\0\0\0\2\xff\xff")
plain("a message that says 4 GiB", block(fields()), b"\0\xff\xff\xff\xff\x08\1")
plain("a compressed flag without an encoding", block(fields()), b"\1" + ALICE[1:])
plain("a flag of 7", block(fields()), b"\7" + ALICE[1:])
plain("gzip that is not gzip", block(fields(extra=[("grpc-encoding", "gzip")])), b"\1" + ALICE[1:])
plain("an unknown id", block(fields()), b"\0\0\0\0\2\x08\x2a")
plain("a batch with a bad user", block(fields(path=SERVICE + "BatchCreateUsers")), JOHN)
plain("a deadline of 1 ms", block(fields(extra=[("grpc-timeout", "1m")])))
plain("a deadline of 1 ns", block(fields(extra=[("grpc-timeout", "1n")])))


@odd("a message larger than limits.messageBytes, cancelled once it is refused")
async def _(call):
    call.send(headers(call.id, block(fields())))
    call.send(frame(DATA, 0, call.id, struct.pack(">BI", 0, 5_000_000) + bytes(1_000)))
    await moment(call.ended, seconds=MOMENT_SECONDS * 4)
    if not call.ended.done():
        call.cancel()


@odd("DATA after the refusal of an unknown method")
async def _(call):
    call.send(headers(call.id, block(fields(path="/a/b"))))
    await moment(call.ended)
    call.send(frame(DATA, 0, call.id, ALICE), frame(DATA, END_STREAM, call.id))


@odd("DATA, WINDOW_UPDATE and RST_STREAM after the refusal of a name")
async def _(call):
    call.send(headers(call.id, block(fields(extra=[("Abc", "b")]))))
    await moment(call.ended)
    call.send(frame(DATA, 0, call.id, ALICE), window_update(call.id, 100), reset(call.id))


@odd("trailers after the refusal of a name")
async def _(call):
    call.send(headers(call.id, block(fields(extra=[("Abc", "b")]))))
    await moment(call.ended)
    call.send(frame(DATA, 0, call.id, ALICE), headers(call.id, block([("a", "b")]), True))


# Header tables.
@odd("a refused header list that adds to the table, and a call that uses it", taken=True)
async def _(call):
    big = b"".join(literal(f"a{i}", "b" * 1_000) for i in range(12))
    call.send(headers(call.id, block(fields()) + big + literal("c", "d", b"\x40")), frame(DATA, END_STREAM, call.id, ALICE))
    call.upstream.forget(call.id)
    # In the same write, so that no other call is between the two. 62 is the newest entry.
    call.id = call.upstream.next_stream(call)
    call.send(headers(call.id, block(fields()) + b"\xbe"), frame(DATA, END_STREAM, call.id, ALICE))


@odd("a refused name that adds to the table, and a call that uses it", taken=True)
async def _(call):
    call.send(headers(call.id, block(fields()) + literal("Abc", "d") + literal("c", "d", b"\x40")))
    call.send(frame(DATA, END_STREAM, call.id, ALICE))
    call.upstream.forget(call.id)
    call.id = call.upstream.next_stream(call)
    call.send(headers(call.id, block(fields()) + b"\xbe"), frame(DATA, END_STREAM, call.id, ALICE))


# Cancelled calls.
def cancelled(name, *sends, path="GetUser", pause=None):
    """Sends frames of a stream each, and RST_STREAM with the last or after a pause."""

    async def send(call):
        frames = [one(call.id) for one in sends]
        if pause is None:
            call.cancel(headers(call.id, block(fields(path=SERVICE + path))), *frames)
            return
        call.send(headers(call.id, block(fields(path=SERVICE + path))), *frames)
        await asyncio.sleep(pause)
        call.cancel()

    odd(name)(send)


def message(data=ALICE, end=True):
    return lambda stream: frame(DATA, END_STREAM if end else 0, stream, data)


cancelled("cancelled with its HEADERS")
cancelled("cancelled with its message, open", message(end=False))
cancelled("half-closed and cancelled in one write", message())
cancelled("half-closed by an empty frame and cancelled in one write", message(end=False), message(b""))
cancelled("cancelled after a moment", message(), pause=0)
cancelled("cancelled after 1 ms", message(), pause=0.001)
for method, data in {"ListUsers": EMPTY, "BatchCreateUsers": b"", "StreamUsers": HELLO}.items():
    cancelled(f"{method}, half-closed and cancelled in one write", message(data), path=method)
    cancelled(f"{method}, cancelled in one write, open", message(data, False), path=method)
    cancelled(f"{method}, cancelled after 1 ms, open", message(data, False), path=method, pause=0.001)
cancelled("cancelled twice", message(), lambda stream: reset(stream))
cancelled("reset with an unknown code", message(end=False), lambda stream: reset(stream, 0xFFFF))
cancelled("DATA, WINDOW_UPDATE and RST_STREAM after its own RST_STREAM", lambda stream: reset(stream), lambda stream: window_update(stream, 10))


@odd("HEADERS that half-close, and RST_STREAM")
async def _(call):
    call.cancel(headers(call.id, block(fields()), True))


@odd("ten calls cancelled behind each other in one write")
async def _(call):
    ids = [call.id] + [call.upstream.next_stream(call) for _ in range(9)]
    begun = b"".join(good(stream) for stream in ids)
    for stream in ids:
        call.upstream.forget(stream)
    call.cancel(begun, *[reset(stream) for stream in ids[1:]])


@odd("cancelled while its answer waits for the window")
async def _(call):
    call.send(settings(window=0), good(call.id))
    await moment(call.answered)
    call.cancel()
    call.send(settings(window=WINDOW))


@odd("a list cancelled while it waits for the window")
async def _(call):
    call.send(settings(window=0))
    call.send(headers(call.id, block(fields(path=SERVICE + "ListUsers"))), frame(DATA, END_STREAM, call.id, EMPTY))
    await moment(call.answered)
    call.cancel()
    call.send(settings(window=WINDOW))


@odd("a deadline of 1 ms, cancelled by its caller too")
async def _(call):
    call.send(headers(call.id, block(fields(extra=[("grpc-timeout", "1m")]))), frame(DATA, END_STREAM, call.id, ALICE))
    await asyncio.sleep(0.001)
    call.cancel()


@odd("a chat with a deadline of 1 ms, cancelled by its caller too")
async def _(call):
    call.send(headers(call.id, block(fields(path=SERVICE + "StreamUsers", extra=[("grpc-timeout", "1m")]))))
    await asyncio.sleep(0.001)
    call.cancel()


@odd("an upload, cancelled by DATA that half-closes behind the refusal")
async def _(call):
    call.send(headers(call.id, block(fields(path=SERVICE + "BatchCreateUsers"))), frame(DATA, 0, call.id, JOHN))
    await moment(call.ended)
    call.cancel(frame(DATA, 0, call.id, JOHN), frame(DATA, END_STREAM, call.id))


@odd("RST_STREAM of a call whose HEADERS were never sent")
async def _(call):
    """As gRPC's C core does with a call that is cancelled before it is written; RFC 9113, section 6.4, forbids it."""
    call.cancel()


# Frames that are rare.
@odd("trailers of the caller", taken=True)
async def _(call):
    call.send(headers(call.id, block(fields())), frame(DATA, 0, call.id, ALICE), headers(call.id, block([("a", "b")]), True))


@odd("trailers with a pseudo header")
async def _(call):
    call.send(headers(call.id, block(fields())), frame(DATA, 0, call.id, ALICE), headers(call.id, block([(":path", "/")]), True))


@odd("trailers with an upper-case name")
async def _(call):
    call.send(headers(call.id, block(fields())), frame(DATA, 0, call.id, ALICE), headers(call.id, block([("Abc", "b")]), True))


@odd("trailers that do not end the stream")
async def _(call):
    call.send(headers(call.id, block(fields())), frame(DATA, 0, call.id, ALICE), headers(call.id, block([("a", "b")])))
    call.send(frame(DATA, END_STREAM, call.id))


@odd("padding and priority", taken=True)
async def _(call):
    header = b"\2" + struct.pack(">IB", 0, 15) + block(fields()) + b"\0\0"
    call.send(frame(HEADERS, END_HEADERS | PADDED | HAS_PRIORITY, call.id, header))
    call.send(frame(DATA, END_STREAM | PADDED, call.id, b"\3" + ALICE + b"\0\0\0"))


@odd("DATA in frames of a byte", taken=True)
async def _(call):
    call.send(headers(call.id, block(fields())), *[frame(DATA, 0, call.id, ALICE[i : i + 1]) for i in range(len(ALICE))])
    call.send(frame(DATA, END_STREAM, call.id))


@odd("a priority that depends on itself")
async def _(call):
    call.send(headers(call.id, block(fields())), frame(PRIORITY, 0, call.id, struct.pack(">IB", call.id, 15)))
    call.send(frame(DATA, END_STREAM, call.id, ALICE))


@odd("an increment of 0")
async def _(call):
    call.send(headers(call.id, block(fields())), window_update(call.id, 0), frame(DATA, END_STREAM, call.id, ALICE))


@odd("a window beyond its max")
async def _(call):
    call.send(headers(call.id, block(fields())), window_update(call.id, 2**31 - 1), frame(DATA, END_STREAM, call.id, ALICE))


@odd("WINDOW_UPDATE and RST_STREAM after the end", taken=True)
async def _(call):
    call.send(good(call.id))
    await moment(call.ended)
    call.send(window_update(call.id, 100), reset(call.id, CANCEL))


@odd("PRIORITY after the end", taken=True)
async def _(call):
    call.send(good(call.id))
    await moment(call.ended)
    call.send(frame(PRIORITY, 0, call.id, struct.pack(">IB", 0, 15)))
