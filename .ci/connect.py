"""Calls by Connect, gRPC-Web and gRPC with the stock clients of Connect in Node, and Google's gRPC-Web.

Node finds its packages by NODE_PATH.
"""

import os
import subprocess
import tempfile

from server import running_server

LONGEST_RUN_SECONDS = 120

with tempfile.TemporaryDirectory() as folder:
    descriptors = os.path.join(folder, "contract.pb")
    # The clients read the details of errors by their own descriptors.
    details = os.path.join(folder, "error_info.proto")
    with open(details, "w", encoding="utf-8") as file:
        file.write(
            'syntax = "proto3"; package google.rpc;'
            " message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }"
        )
    subprocess.run(
        ["protoc", "-I", "src/main/proto", "-I", folder, "--include_imports", f"--descriptor_set_out={descriptors}"]
        + ["user_service.proto", details],
        check=True,
    )
    with running_server('{"port": 0, "compression": "gzip"}') as (port, _):
        subprocess.run(
            ["node", ".ci/clients/connect.mjs", str(port), descriptors], check=True, timeout=LONGEST_RUN_SECONDS
        )
