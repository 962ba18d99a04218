"""The page in a real browser: Debian's Chromium, driven by Playwright. Screenshots go to target/browser/.

Node finds its packages by NODE_PATH. Ends with "Browser: N passed, 0 failed".
"""

import json
import os
import subprocess
import tempfile

from server import free_port, java, running_server

LONGEST_RUN_SECONDS = 900
SECRET = "for a moment"


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout.strip()


with tempfile.TemporaryDirectory() as folder:

    def path(name):
        return os.path.join(folder, name)

    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=issuer",
        "-keyout", path("issuer.key"), "-out", path("issuer.pem"))  # fmt: skip
    run("openssl", "pkcs12", "-export", "-name", "issuer", "-inkey", path("issuer.key"), "-in", path("issuer.pem"),
        "-passout", f"pass:{SECRET}", "-out", path("issuer.p12"))  # fmt: skip
    token = run(java(), "src/demo/Token.java", path("issuer.p12"), "users:read", env=dict(os.environ, SECRET=SECRET))
    jwt = {"keysFile": path("issuer.pem"), "issuer": "https://issuer.example.com", "audience": ["user-service"]}
    rights = {"users.v1.UserService/GetUser": ["users:read"], "users.v1.UserService/CreateUser": ["users:write"]}
    guarded = json.dumps({"port": 0, "auth": {"jwt": jwt, "rights": rights}})
    management = free_port()
    open_to_all = json.dumps({"port": 0, "management": {"port": management}})
    with running_server(open_to_all) as (port, _), running_server(guarded) as (guarded_port, _):
        arguments = {
            "port": port,
            "management": management,
            "guarded": guarded_port,
            "token": token,
            "mortal": free_port(),
            "java": java(),
            "pictures": os.path.abspath("target/browser"),
        }
        subprocess.run(
            ["node", ".ci/clients/browser.mjs"],
            input=json.dumps(arguments),
            text=True,
            check=True,
            timeout=LONGEST_RUN_SECONDS,
        )
