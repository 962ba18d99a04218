"""A stock Python client that checks the health of its server by itself, as load balancers of gRPC's C core do.

Its arguments: ADDRESS, and the SERVICE to watch. Prints the name of user 1, or the status of the call. A process of its own:
gRPC 1.51 ends with a segmentation fault on an answer that it does not expect.
"""

import json
import sys

import grpc

from directory_checks import pb, rpc

address, service = sys.argv[1:]
config = {"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": service}}
with grpc.insecure_channel(address, [("grpc.service_config", json.dumps(config))]) as channel:
    try:
        print(rpc.UserServiceStub(channel).GetUser(pb.GetUserRequest(user_id=1), timeout=30).name)
    except grpc.RpcError as error:
        print(error.code().name)
