"""The answers that curl gets: HTTP/1.0, HTTP/1.1 and HTTP/2, gRPC-Web, Connect, expectations, and names that are not the server's.

No time is measured: curl has to wait longer for 100 than it may take in all. Ends with "curl: N passed, 0 failed".
"""

import json
import subprocess
import tempfile

from checks import check, passed
from server import free_port, running_server

MAX_SECONDS = 30
GET_USER = b"\0\0\0\0\2\x08\1"
WEB = ("-H", "content-type: application/grpc-web+proto")
EXPECT = ("-H", "expect: 100-continue", "--expect100-timeout", str(2 * MAX_SECONDS))
PAGE = "https://app.example.com"
WHAT_IT_IS = "This server speaks gRPC"


def curl(url, *options):
    """The HTTP status, the headers of the last answer and the body, all as text; 0 without an answer."""
    command = ["curl", "-sS", "--max-time", str(MAX_SECONDS), "-D", "-", *options, url]
    found = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    text = found.stdout.decode("latin-1")
    if found.returncode:
        return 0, f"curl ended with {found.returncode}", text
    while True:
        head, _, text = text.partition("\r\n\r\n")
        status = int(head.split()[1])
        if status >= 200:
            return status, head.lower(), text


def is_alice(what, answer):
    status, head, body = answer
    check(f"status, {what}", (status, "Alice Johnson" in body, "grpc-status:0" in body), (200, True, True))
    return head


def calls(port, message):
    url = f"http://localhost:{port}/users.v1.UserService/GetUser"
    send = (*WEB, "--data-binary", f"@{message}")
    head = is_alice("HTTP/1.0", curl(url, "--http1.0", *send))
    check("HTTP/1.0, without chunks", "transfer-encoding" in head, False)
    is_alice("HTTP/1.0, keep-alive", curl(url, "--http1.0", "-H", "connection: keep-alive", *send))
    for version in "--http1.1", "--http2", "--http2-prior-knowledge":
        is_alice(version, curl(url, version, *send))
        is_alice(f"{version}, expect", curl(url, version, *EXPECT, *send))
    is_alice("content-type in upper case", curl(url, "-H", "content-type: APPLICATION/GRPC-WEB", *send[2:]))
    for version in "--http1.0", "--http1.1", "--http2", "--http2-prior-knowledge":
        status, _, body = curl(f"http://localhost:{port}/users", version)
        check(f"a browser's look, {version}", (status, WHAT_IT_IS in body), (405, True))
        status, head, body = curl(f"http://localhost:{port}/", version)
        found = (status, "content-security-policy: default-src 'none'" in head, "<!doctype html>" in body.lower())
        check(f"the page, {version}", found, (200, True, True))
        if version != "--http1.0":
            status, _, _ = curl(url, version, "-H", "expect: something", *send)
            check(f"wrong expectation, {version}", status, 417)
    status, head, body = curl(url, "--http1.1", "-H", "content-type: application/grpc", *send[2:])
    check("gRPC over HTTP/1.1", (status, "upgrade: h2c" in head, "needs HTTP/2" in body), (426, True, True))


def connect(port):
    """The first call of README, and what is refused."""
    url = f"http://localhost:{port}/users.v1.UserService"
    json_type = ("-H", "content-type: application/json")
    for version in "--http1.0", "--http1.1", "--http2", "--http2-prior-knowledge":
        status, head, body = curl(f"{url}/GetUser", version, *json_type, "-d", '{"user_id": 1}')
        found = (status, "application/json" in head, json.loads(body or "{}").get("name"))
        check(f"Connect, {version}", found, (200, True, "Alice Johnson"))
        status, _, body = curl(f"{url}/CreateUser", version, *json_type, "-d", '{"age": -1}')
        found = (status, json.loads(body or "{}").get("code"))
        check(f"Connect, bad fields, {version}", found, (400, "invalid_argument"))
        status, _, body = curl(f"{url}/ListUsers", version, *json_type, "-d", "{}")
        check(f"Connect, a stream, {version}", (status, "application/connect+json" in body), (415, True))
        status, _, _ = curl(f"{url}/GetUser", version, *json_type, "-H", "origin: https://evil.test", "-d", "{}")
        check(f"Connect, another origin, {version}", status, 403)
    status, head, _ = curl(
        f"{url}/GetUser", "-X", "OPTIONS", "-H", f"origin: {PAGE}", "-H", "access-control-request-method: POST"
    )
    check("preflight", (status, f"access-control-allow-origin: {PAGE}" in head), (204, True))


def names(port, management):
    """As a browser that looks a name up again, and finds this machine."""
    for of, path in (port, ""), (management, "metrics"):
        status, _, body = curl(f"http://evil.test:{of}/{path}", "--resolve", f"evil.test:{of}:127.0.0.1")
        check("another name", (status, '"allowedHosts"' in body), (421, True))
        status, _, _ = curl(f"http://users.example.com:{of}/{path}", "--resolve", f"users.example.com:{of}:127.0.0.1")
        check("a configured name", status, 200)
        status, _, _ = curl(f"http://127.0.0.1:{of}/{path}")
        check("an address", status, 200)
    url = f"http://evil.test:{management}/log/levels/dev.userservice"
    status, _, _ = curl(url, "--resolve", f"evil.test:{management}:127.0.0.1", "-X", "PUT", "-d", "OFF")
    check("a level, by another name", status, 421)


operators = free_port()
conf = {
    "port": 0,
    "management": {"port": operators},
    "allowedHosts": ["users.example.com"],
    "web": {"origins": [PAGE]},
}
with running_server(json.dumps(conf)) as (server, _), tempfile.NamedTemporaryFile() as file:
    file.write(GET_USER)
    file.flush()
    calls(server, file.name)
    connect(server)
    names(server, operators)
print(f"curl: {passed()} passed, 0 failed")
