"""The same Python client through nginx grpc_pass and through HAProxy, each started here on free ports."""

import contextlib
import os
import socket
import subprocess
import tempfile
import time

from checks import check, passed
from directory_checks import code_of, errors, five_calls, pb, stub_of, two_in_the_chat
from server import free_port, running_server

NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} http2;
    location / {{ grpc_pass grpc://127.0.0.1:{server}; }}
  }}
}}
"""

HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend calls
  bind 127.0.0.1:{port} proto h2
  default_backend users
backend users
  server one 127.0.0.1:{server} proto h2
"""


@contextlib.contextmanager
def proxy(name, server):
    with tempfile.TemporaryDirectory() as folder:
        # nginx's workers are another user.
        os.chmod(folder, 0o777)
        port = free_port()
        conf = os.path.join(folder, "proxy.conf")
        text = {"nginx": NGINX, "haproxy": HAPROXY}[name]
        with open(conf, "w", encoding="utf-8") as file:
            file.write(text.format(folder=folder, port=port, server=server))
        command = ["/usr/sbin/nginx", "-c", conf] if name == "nginx" else ["/usr/sbin/haproxy", "-f", conf]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=10)


def spaces(port):
    """A value with spaces around it, beside other calls of the proxy's connection."""
    with stub_of(port) as stub:
        alice = pb.GetUserRequest(user_id=1)
        others = [stub.GetUser.future(alice) for _ in range(50)]
        odd = [code_of(lambda: stub.GetUser(alice, metadata=[("a", " b"), ("c", "d ")]))[0] for _ in range(10)]
        check("metadata with spaces", odd, ["OK"] * 10)
        check("calls beside it", [other.code().name for other in others], ["OK"] * 50)


for name in ("nginx", "haproxy"):
    before = passed()
    with running_server() as (server, _), proxy(name, server) as port:
        five_calls(port)
        errors(port)
        two_in_the_chat(port)
        spaces(port)
    print(f"{name}: {passed() - before} passed, 0 failed")
