"""PgBouncer before PostgreSQL, with nothing in its file but what it needs: in session mode all works, transaction mode is refused.

Needs root, and Debian's PostgreSQL and PgBouncer. Ends with "Pooler: N passed, 0 failed".
"""

import contextlib
import socket
import subprocess

import grpc

from checks import check, passed
from databases import Database, home, server_conf, wait_until
from directory_checks import pb, rpc
from server import free_port, java, running_server

USERS = 1_000
PGBOUNCER = "/usr/sbin/pgbouncer"


@contextlib.contextmanager
def pooler(folder, database, mode):
    port = free_port()
    path = f"{folder}/{mode}.ini"
    users = f"{folder}/{mode}.users"
    with open(users, "w", encoding="utf-8") as file:
        file.write('"postgres" ""\n')
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            f"[databases]\npostgres = host=127.0.0.1 port={database.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {users}\npool_mode = {mode}\n"
        )
    process = subprocess.Popen([PGBOUNCER, path], user="postgres", group="postgres", stderr=subprocess.DEVNULL)

    def listens():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_until("PgBouncer listens", listens)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


with home() as folder, contextlib.ExitStack() as ending:
    database = Database(f"{folder}/data")
    ending.callback(database.stop)
    database.create()
    with pooler(folder, database, "session") as behind, running_server(server_conf(behind)) as (port, _):
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = rpc.UserServiceStub(channel)
            users = (pb.CreateUserRequest(name="Pool", email=f"user{i}@example.com", age=1) for i in range(USERS))
            check("a batch", stub.BatchCreateUsers(users, timeout=60).users_created, USERS)
            created = stub.CreateUser(pb.CreateUserRequest(name="Pool", email="one@example.com", age=1), timeout=60)
            check("a user", stub.GetUser(pb.GetUserRequest(user_id=created.user_id), timeout=60).email, "one@example.com")
            check("a list", len(list(stub.ListUsers(pb.ListUsersRequest(), timeout=60))), USERS + 1)
    with pooler(folder, database, "transaction") as behind:
        refused = subprocess.run(
            [java(), "-jar", "target/user-service.jar", "--conf", server_conf(behind)], capture_output=True, text=True, timeout=120, check=False
        )
    check(f"exit code in transaction mode, {refused.stderr}", refused.returncode, 6)
    check(f"what to do, {refused.stderr}", "Set pool_mode = session for this database" in refused.stderr, True)
print(f"Pooler: {passed()} passed, 0 failed")
