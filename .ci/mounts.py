"""File systems for one check, in a mount namespace of its own, which ends with it. Needs root."""

import contextlib
import os
import subprocess
import sys
import tempfile


def enter():
    """Starts this check again, in such a namespace, unless it is there."""
    if len(sys.argv) == 1:
        os.execvp("unshare", ["unshare", "--mount", sys.executable, sys.argv[0], "inside"])


@contextlib.contextmanager
def disk(options):
    """A folder with a file system in memory of its own."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder], check=True)
