"""Looking into a file that a stranger sent, in a process that may die of it. Keeps nothing."""

import json
import subprocess
import sys

from desk.domain.errors import BadInput
from desk.domain.evidence import FILE, FileKind
from desk.ports import Developed

SECONDS = 30.0


class ProcessDarkroom:
    """`ports.Darkroom`: one short-lived process a file, with walls around it (`developing`)."""

    def develop(self, original: bytes, kind: FileKind) -> Developed:
        """Size or pages of a file, and the copy to show. Raises BadInput for one that cannot be read, or is beyond a limit."""
        command = [sys.executable, "-I", "-m", "desk.outside.developing", kind.value]
        try:
            done = subprocess.run(  # noqa: S603 - our own module
                command, input=original, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=SECONDS, check=True, env={}
            )
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
            # It ran out of time or memory, or crashed: whatever is in this file, the desk cannot show it.
            raise BadInput(FILE, "unreadable_file") from None
        told, _, copy = done.stdout.partition(b"\n")
        found = json.loads(told)
        if problem := found.get("problem"):
            raise BadInput(FILE, problem, **found["params"])
        return Developed(found.get("width"), found.get("height"), found.get("pages"), copy or None)
