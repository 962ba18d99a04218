"""The five RPCs on grpc.aio, as its own examples have them: one event loop. Takes a port."""

import asyncio
import sys

import grpc
import user_service_pb2 as pb
import user_service_pb2_grpc as rpc
from server import Users, now


class AioUsers(Users):
    async def GetUser(self, request, context):
        user = self.users.get(request.user_id)
        if user is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "unknown id")
        return user

    async def CreateUser(self, request, context):
        return self.put(request, now())

    async def ListUsers(self, request, context):
        for user in super().ListUsers(request, context):
            yield user

    async def BatchCreateUsers(self, requests, context):
        batch = [request async for request in requests]
        return super().BatchCreateUsers(batch, context)

    async def StreamUsers(self, messages, context):
        heard = asyncio.Queue()
        self.room.add(heard)
        listening = asyncio.create_task(self.hear(messages, heard))
        try:
            while (message := await heard.get()) is not None:
                yield message
        finally:
            self.room.discard(heard)
            listening.cancel()

    async def hear(self, messages, heard):
        async for message in messages:
            said_at = now()
            heard.put_nowait(pb.UserMessage(message="Server received: " + message.message, timestamp=said_at))
            message.timestamp = said_at
            for other in self.room:
                if other is not heard:
                    other.put_nowait(message)
        self.room.discard(heard)
        heard.put_nowait(None)


async def serve():
    server = grpc.aio.server()
    rpc.add_UserServiceServicer_to_server(AioUsers(), server)
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    await server.start()
    await server.wait_for_termination()


asyncio.run(serve())
