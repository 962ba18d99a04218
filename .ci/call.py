"""The jar as a client, as README prints it: of this server, and of one of another maker.

Ends with "Call: N passed, 0 failed".
"""

import json
import subprocess
from concurrent import futures

import grpc

from checks import check, passed
from server import free_port, java, running_server


def call(port, *arguments, text=None):
    result = subprocess.run(
        [java(), "-jar", "target/user-service.jar", "call", "--address", f"127.0.0.1:{port}", *arguments],
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return result.returncode, result.stdout, result.stderr


def stop_reading_early(port):
    """As with head -1: the pipe ends, and so does the call, without a word."""
    with subprocess.Popen(
        [java(), "-jar", "target/user-service.jar", "call", "--address", f"127.0.0.1:{port}", "StreamUsers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        said = json.dumps({"user_id": 1, "message": "hello"}) + "\n"
        process.stdin.write(said)
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        for _ in range(3):
            try:
                process.stdin.write(said)
                process.stdin.flush()
            except BrokenPipeError:
                break
        check("a reader that leaves", process.stderr.read(), "")


with running_server() as (port, process):
    code, out, err = call(port, "GetUser", '{"user_id": 1}')
    check("a user", (code, json.loads(out)["name"], err), (0, "Alice Johnson", ""))
    code, out, err = call(port, "GetUser", '{"user_id": 42}')
    check("an unknown one", (code, out, err.splitlines()[0]), (69, "", "NOT_FOUND: User with ID 42 not found"))
    check("its details", [line.split(":")[0].strip() for line in err.splitlines()[1:]], ["ErrorInfo", "ResourceInfo"])
    code, out, err = call(port, "ListUsers", '{"limit": 3}')
    check("a list", (code, [json.loads(line)["user_id"] for line in out.splitlines()]), (0, [1, 2, 3]))
    users = "\n".join(json.dumps({"name": "Ann", "email": f"ann{i}@example.com"}) for i in range(3))
    check("a batch", call(port, "BatchCreateUsers", text=users)[1], '{"users_created":3,"user_ids":[6,7,8]}\n')
    code, out, err = call(port, "StreamUsers", '{"user_id": 1, "message": "hello"}')
    check("a chat", (code, "Server received: hello" in out), (0, True))
    check("binary input", call(port, "GetUser", text="\x00\x01")[0], 2)
    check("much input", call(port, "GetUser", text='{"user_id": "' + "1" * 5_000_000)[0], 2)
    code, out, err = call(port, "list")
    check("services", (code, "users.v1.UserService" in out.splitlines()), (0, True))
    code, out, err = call(port, "describe", "users.v1.GetUserRequest")
    check("a message", out, "message users.v1.GetUserRequest {\n  int32 user_id = 1;\n}\n")
    help_ = subprocess.run([java(), "-jar", "target/user-service.jar", "call", "--help"], capture_output=True, text=True)
    check("help begins with examples", (help_.returncode, help_.stdout.startswith("Examples:")), (0, True))
    stop_reading_early(port)
    with subprocess.Popen(
        [java(), "-jar", "target/user-service.jar", "call", "--address", f"127.0.0.1:{port}", "StreamUsers"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as chat:  # fmt: skip
        chat.stdin.write('{"user_id": 1, "message": "hello"}\n')
        chat.stdin.flush()
        chat.stdout.readline()
        process.terminate()
        check("a server that stops", (chat.wait(timeout=60), "SHUTTING_DOWN" in chat.stderr.read()), (78, True))


class Echo(grpc.GenericRpcHandler):
    """A server of grpcio: without reflection, under the names of the standard health service."""

    def service(self, details):
        if details.method == "/grpc.health.v1.Health/Check":
            return grpc.unary_unary_rpc_method_handler(lambda request, context: b"\x08\x01")
        return None


foreign = grpc.server(futures.ThreadPoolExecutor(2))
foreign.add_generic_rpc_handlers([Echo()])
port = foreign.add_insecure_port(f"127.0.0.1:{free_port()}")
foreign.start()
check("grpcio, without reflection", call(port, "grpc.health.v1.Health/Check", "{}")[:2], (0, '{"status":"SERVING"}\n'))
foreign.stop(0)
print(f"Call: {passed()} passed, 0 failed")
