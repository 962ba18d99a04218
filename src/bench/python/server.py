"""The five RPCs on grpcio, as its own examples have them: a pool of threads. Takes a port."""

import datetime
import itertools
import queue
import sys
import threading
from concurrent import futures

import grpc
import user_service_pb2 as pb
import user_service_pb2_grpc as rpc

# A chat occupies a thread for as long as it is open.
THREADS = 1200

SAMPLES = [
    ("Alice Johnson", "alice@example.com", 28),
    ("Bob Smith", "bob@example.com", 35),
    ("Charlie Brown", "charlie@example.com", 42),
    ("Diana Prince", "diana@example.com", 30),
    ("Eve Wilson", "eve@example.com", 25),
]


def now():
    time = datetime.datetime.now(datetime.timezone.utc)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Users(rpc.UserServiceServicer):
    def __init__(self):
        self.users = {}
        self.lock = threading.Lock()
        self.room = set()
        for name, email, age in SAMPLES:
            self.put(pb.CreateUserRequest(name=name, email=email, age=age), "2025-10-29T10:00:00Z")

    def put(self, request, created_at):
        user = pb.UserResponse(
            user_id=len(self.users) + 1, name=request.name, email=request.email, age=request.age, created_at=created_at
        )
        self.users[user.user_id] = user
        return user

    def GetUser(self, request, context):
        user = self.users.get(request.user_id)
        if user is None:
            context.abort(grpc.StatusCode.NOT_FOUND, "unknown id")
        return user

    def CreateUser(self, request, context):
        with self.lock:
            return self.put(request, now())

    def ListUsers(self, request, context):
        # Ids are dense: no user is ever removed.
        first = request.after_user_id + 1
        for user_id in range(first, first + request.limit) if request.limit else itertools.count(first):
            user = self.users.get(user_id)
            if user is None:
                return
            yield user

    def BatchCreateUsers(self, requests, context):
        batch = list(requests)
        with self.lock:
            created_at = now()
            ids = [self.put(request, created_at).user_id for request in batch]
        return pb.BatchCreateResponse(users_created=len(ids), user_ids=ids)

    def StreamUsers(self, messages, context):
        heard = queue.SimpleQueue()
        self.room.add(heard)
        threading.Thread(target=self.listen, args=(messages, heard), daemon=True).start()
        while (message := heard.get()) is not None:
            yield message

    def listen(self, messages, heard):
        try:
            for message in messages:
                said_at = now()
                heard.put(pb.UserMessage(message="Server received: " + message.message, timestamp=said_at))
                message.timestamp = said_at
                for other in list(self.room):
                    if other is not heard:
                        other.put(message)
        except grpc.RpcError:
            pass  # The caller has gone.
        finally:
            self.room.discard(heard)
            heard.put(None)


if __name__ == "__main__":
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=THREADS))
    rpc.add_UserServiceServicer_to_server(Users(), server)
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    server.wait_for_termination()
