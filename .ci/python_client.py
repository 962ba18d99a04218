"""A client of the original demo's kind: Python, generated from the proto, all five calls.

Ends with "Python: N passed, 0 failed".
"""

from checks import passed
from directory_checks import errors, five_calls, two_in_the_chat
from server import running_server

with running_server() as (port, _):
    five_calls(port)
    errors(port)
    two_in_the_chat(port)
print(f"Python: {passed()} passed, 0 failed")
