"""The server of conf/secure.json as Python's grpcio sees it, and its TLS as sslscan and testssl see it.

Certificates are made by openssl, tokens by src/demo/Token.java. Ends with "Secure: N passed, 0 failed".
"""

import contextlib
import json
import os
import subprocess
import tempfile

import grpc

from checks import check, passed
from directory_checks import call_all, pb, rpc
from server import java, running_server

LONGEST_TESTSSL_SECONDS = 300

# The findings of testssl for a short-lived certificate on a machine without a name.
OF_THE_CERTIFICATE = {"cert_expirationStatus", "cert_notAfter", "cert_revocation", "DNS_CAArecord"}

folder = tempfile.TemporaryDirectory()
SECRET = "for a moment"


def path(name):
    return os.path.join(folder.name, name)


def openssl(*words, text=None):
    subprocess.run(["openssl", *words], input=text, text=True, check=True, capture_output=True)


def make_authority(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "365",
            "-subj", f"/CN={name}", "-keyout", path(f"{name}.key"), "-out", path(f"{name}.pem"))  # fmt: skip


def make_certificate(name, authority, kind="ec", extensions="basicConstraints=CA:FALSE\n"):
    how = ["-pkeyopt", "ec_paramgen_curve:prime256v1"] if kind == "ec" else ["-pkeyopt", "rsa_keygen_bits:2048"]
    openssl("req", "-newkey", kind, *how, "-nodes", "-subj", f"/CN={name}",
            "-keyout", path(f"{name}.key"), "-out", path(f"{name}.csr"))  # fmt: skip
    openssl("x509", "-req", "-in", path(f"{name}.csr"), "-CA", path(f"{authority}.pem"), "-CAkey", path(f"{authority}.key"),
            "-CAcreateserial", "-days", "365", "-extfile", "/dev/stdin", "-out", path(f"{name}.pem"), text=extensions)  # fmt: skip
    openssl("pkcs12", "-export", "-name", name, "-inkey", path(f"{name}.key"), "-in", path(f"{name}.pem"),
            "-passout", f"pass:{SECRET}", "-out", path(f"{name}.p12"))  # fmt: skip


def make_token(roles):
    command = [java(), "src/demo/Token.java", path("issuer.p12"), roles]
    return subprocess.run(command, env=dict(os.environ, SECRET=SECRET), check=True, capture_output=True, text=True).stdout.strip()


def read(name):
    with open(path(name), "rb") as file:
        return file.read()


@contextlib.contextmanager
def channel(port, client=None, authority="ca"):
    key = read(f"{client}.key") if client else None
    chain = read(f"{client}.pem") if client else None
    tls = grpc.ssl_channel_credentials(read(f"{authority}.pem"), key, chain)
    with grpc.secure_channel(f"localhost:{port}", tls) as opened:
        yield rpc.UserServiceStub(opened)


def status(stub, request, token=None):
    metadata = [("authorization", f"Bearer {token}")] if token else []
    try:
        stub(request, metadata=metadata, timeout=10)
    except grpc.RpcError as error:
        return error.code().name
    return "OK"


def calls(port):
    alice, john = pb.GetUserRequest(user_id=1), pb.CreateUserRequest(name="John", email="john@example.com")
    token, reader = make_token("users:read users:write users:chat"), make_token("users:read")
    with channel(port, "client") as stub:
        call_all(stub, [("authorization", f"Bearer {token}")])
        check("no token", status(stub.GetUser, alice), "UNAUTHENTICATED")
        check("garbage", status(stub.GetUser, alice, "garbage"), "UNAUTHENTICATED")
        check("a changed token", status(stub.GetUser, alice, token[:-4] + "AAAA"), "UNAUTHENTICATED")
        check("a role that is enough", status(stub.GetUser, alice, reader), "OK")
        check("a role that is not", status(stub.CreateUser, john, reader), "PERMISSION_DENIED")
        said = [pb.UserMessage(user_id=42, message="I am 42")]
        answers = stub.StreamUsers(iter(said), metadata=[("authorization", f"Bearer {token}")], timeout=10)
        check("chat", [answer.message for answer in answers], ["Server received: I am 42"])
    with channel(port) as stub:
        check("no certificate", status(stub.GetUser, alice, token), "UNAVAILABLE")
    with channel(port, "stranger") as stub:
        check("a certificate of another authority", status(stub.GetUser, alice, token), "UNAVAILABLE")
    with channel(port, "client", authority="other") as stub:
        check("a server that is not trusted", status(stub.GetUser, alice, token), "UNAVAILABLE")
    with grpc.insecure_channel(f"localhost:{port}") as plain:
        check("plaintext", status(rpc.UserServiceStub(plain).GetUser, alice, token), "UNAVAILABLE")


def scan(port, kind):
    found = subprocess.run(["sslscan", "--no-colour", f"127.0.0.1:{port}"], capture_output=True, text=True, check=True).stdout
    for protocol in "SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1":
        check(f"{protocol}, {kind}", f"{protocol} " in found and "enabled" in found.split(protocol)[1].split("\n")[0], False)
    accepted = [line.split()[1:5] for line in found.splitlines() if line.startswith(("Accepted", "Preferred"))]
    weak = [words for words in accepted if not ("GCM" in words[3] or "CHACHA20" in words[3])]
    check(f"weak ciphers, {kind}", weak, [])
    check(f"ciphers of both versions, {kind}", {words[0] for words in accepted}, {"TLSv1.2", "TLSv1.3"})


def test(port):
    report = path("testssl.json")
    # Ciphers and their order are what sslscan has looked at.
    what = ["--protocols", "--fs", "--server-defaults", "--headers", "--vulnerable"]
    subprocess.run(
        ["testssl", "--quiet", "--color", "0", "--warnings", "off", *what, "--add-ca", path("ca.pem")]
        + ["--jsonfile", report, f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        timeout=LONGEST_TESTSSL_SECONDS,
        check=False,
    )
    with open(report, encoding="utf-8") as file:
        findings = json.load(file)
    check("testssl has run to its end", any(found["id"] == "BREACH" or found["id"] == "RC4" for found in findings), True)
    bad = [f for f in findings if f["severity"] in ("MEDIUM", "HIGH", "CRITICAL", "FATAL") and f["id"] not in OF_THE_CERTIFICATE]
    check("findings above low", bad, [])


SERVER = "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"
for authority in "ca", "other":
    make_authority(authority)
make_certificate("server", "ca", extensions=SERVER)
make_certificate("rsa", "ca", "rsa", SERVER)
make_certificate("client", "ca")
make_certificate("stranger", "other")
make_certificate("issuer", "other", "rsa")

os.environ["USER_SERVICE_TLS_KEY_STORE_FILE"] = path("server.p12")
os.environ["USER_SERVICE_TLS_KEY_STORE_PASSWORD"] = SECRET
os.environ["USER_SERVICE_TLS_CLIENT_CA_FILE"] = path("ca.pem")
os.environ["USER_SERVICE_AUTH_JWT_KEYS_FILE"] = path("issuer.pem")
os.environ["USER_SERVICE_PORT"] = "0"
os.environ["USER_SERVICE_SAMPLE_USERS"] = "true"
with running_server("conf/secure.json") as (port, _):
    calls(port)
for name in list(os.environ):
    if name.startswith("USER_SERVICE_"):
        del os.environ[name]
for kind in "server", "rsa":
    tls = {"certificateFile": path(f"{kind}.pem"), "keyFile": path(f"{kind}.key")}
    with running_server(json.dumps({"port": 0, "tls": tls})) as (port, _):
        scan(port, kind)
        if kind == "rsa":
            test(port)
print(f"Secure: {passed()} passed, 0 failed")
