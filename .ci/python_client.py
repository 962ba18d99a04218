"""A client of the original demo's kind: Python, generated from the proto, all five calls.

Over the users in memory, and over a file. Ends with "Python: N passed, 0 failed".
"""

import json
import os
import tempfile

from checks import passed
from directory_checks import errors, five_calls, two_in_the_chat
from server import running_server

with tempfile.TemporaryDirectory() as folder:
    file = {"type": "sqlite", "sqlite": {"file": os.path.join(folder, "users.db")}}
    for store in {"type": "memory"}, file:
        with running_server(json.dumps({"port": 0, "sampleUsers": True, "store": store})) as (port, _):
            five_calls(port)
            errors(port)
            two_in_the_chat(port)
print(f"Python: {passed()} passed, 0 failed")
