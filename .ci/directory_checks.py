"""The answers that a Python client, generated from the proto, gets from a server that has only the sample users."""

import contextlib
import subprocess
import sys
import tempfile
import threading

import grpc

from checks import check

stubs = tempfile.TemporaryDirectory()
subprocess.run(
    [sys.executable, "-m", "grpc_tools.protoc", "-I", "src/main/proto", f"--python_out={stubs.name}"]
    + [f"--grpc_python_out={stubs.name}", "src/main/proto/user_service.proto"],
    check=True,
)
sys.path.insert(0, stubs.name)

import user_service_pb2 as pb  # noqa: E402
import user_service_pb2_grpc as rpc  # noqa: E402


def code_of(call):
    try:
        call()
    except grpc.RpcError as error:
        trailers = dict(error.trailing_metadata())
        check("details with every error", "grpc-status-details-bin" in trailers, True)
        return error.code().name, error.details()
    return "OK", None


def user(name, email, age=0):
    return pb.CreateUserRequest(name=name, email=email, age=age)


@contextlib.contextmanager
def stub_of(port):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield rpc.UserServiceStub(channel)


def five_calls(port):
    with stub_of(port) as stub:
        call_all(stub)


def errors(port):
    with stub_of(port) as stub:
        _errors(stub)


def call_all(stub, metadata=()):
    alice = stub.GetUser(pb.GetUserRequest(user_id=1), metadata=metadata)
    check("GetUser", (alice.user_id, alice.name, alice.email, alice.age), (1, "Alice Johnson", "alice@example.com", 28))
    check("created_at", alice.created_at, "2025-10-29T10:00:00Z")
    check("CreateUser", stub.CreateUser(user("John Doe", "john.doe@example.com", 32), metadata=metadata).user_id, 6)
    names = [u.name for u in stub.ListUsers(pb.ListUsersRequest(limit=3), metadata=metadata)]
    check("ListUsers", names, ["Alice Johnson", "Bob Smith", "Charlie Brown"])

    def batch():
        yield user("Frank Miller", "frank@example.com", 45)
        yield user("Grace Lee", "grace@example.com", 29)
        yield user("Henry Davis", "henry@example.com", 38)

    response = stub.BatchCreateUsers(batch(), metadata=metadata)
    check("BatchCreateUsers", (response.users_created, list(response.user_ids)), (3, [7, 8, 9]))

    def chat():
        for text in ("Hello", "How are you?", "Goodbye"):
            yield pb.UserMessage(user_id=1, message=text, timestamp="2025-10-29T10:00:00.123456")

    answers = [(m.user_id, m.message) for m in stub.StreamUsers(chat(), metadata=metadata)]
    check("StreamUsers", answers, [(0, f"Server received: {t}") for t in ("Hello", "How are you?", "Goodbye")])


def _errors(stub):
    check("unknown id", code_of(lambda: stub.GetUser(pb.GetUserRequest(user_id=42))), ("NOT_FOUND", "User with ID 42 not found"))
    check("id 0", code_of(lambda: stub.GetUser(pb.GetUserRequest()))[0], "INVALID_ARGUMENT")
    check("taken", code_of(lambda: stub.CreateUser(user("A", "ALICE@example.com")))[0], "ALREADY_EXISTS")
    check("negative", code_of(lambda: list(stub.ListUsers(pb.ListUsersRequest(limit=-1))))[0], "INVALID_ARGUMENT")
    code, text = code_of(lambda: stub.BatchCreateUsers(iter([user("A", "a@example.com"), user("", "b")])))
    check("bad item", (code, text.startswith("items[1].name")), ("INVALID_ARGUMENT", True))
    many = (user("A", f"a{i}@example.com") for i in range(10_001))
    check("too many", code_of(lambda: stub.BatchCreateUsers(many))[0], "RESOURCE_EXHAUSTED")
    check("no user of a failed batch", len(list(stub.ListUsers(pb.ListUsersRequest()))), 9)
    check("empty batch", stub.BatchCreateUsers(iter([])).users_created, 0)
    check("empty message", code_of(lambda: list(stub.StreamUsers(iter([pb.UserMessage()]))))[0], "INVALID_ARGUMENT")


def two_in_the_chat(port):
    """Each hears what the other says; the first to be answered is in the room."""
    ready = threading.Barrier(2, timeout=20)
    heard = {}

    def member(user_id):
        answered = threading.Event()
        done = threading.Event()

        def says():
            yield pb.UserMessage(user_id=user_id, message="I am here")
            answered.wait(20)
            ready.wait()
            yield pb.UserMessage(user_id=user_id, message=f"{user_id} speaking")
            done.wait(20)

        with stub_of(port) as stub:
            call = stub.StreamUsers(says(), timeout=20)
            for message in call:
                if message.message == "Server received: I am here":
                    answered.set()
                if message.message == f"{3 - user_id} speaking":
                    heard[user_id] = message.user_id
                    done.set()

    members = [threading.Thread(target=member, args=(i,)) for i in (1, 2)]
    for thread in members:
        thread.start()
    for thread in members:
        thread.join()
    check("two in the chat", heard, {1: 2, 2: 1})
