"""Looks after one child `desk work` while the desk is served: starts it, starts it again when it dies, ends it politely."""

import subprocess
import sys
import threading
import time

import structlog

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
STEADY_SECONDS = 60.0
POLITE_SECONDS = 5.0


class Supervisor:
    """One worker process and the thread that watches it. The child ends by itself when this process is gone."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, name="desk-supervisor", daemon=True)

    def start(self) -> None:
        """Start the worker and watch it."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker: asked first, killed after five seconds. Starts no other."""
        self._stopping.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()
        self._thread.join(POLITE_SECONDS)
        if child is not None and child.poll() is None:
            child.kill()

    def _watch(self) -> None:
        pause = SHORTEST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            # The pipe is never written to: when this process dies, even by kill -9, the child reads its end and stops.
            self._child = subprocess.Popen([sys.executable, "-m", "desk", "work", "--tied"], stdin=subprocess.PIPE)
            structlog.get_logger().info("worker_started", worker=self._child.pid)
            code = self._child.wait()
            if self._stopping.is_set():
                return
            pause = SHORTEST_PAUSE if time.monotonic() - began > STEADY_SECONDS else min(2 * pause, LONGEST_PAUSE)
            structlog.get_logger().warning("worker_died", code=code, again_in_s=pause)
            self._stopping.wait(pause)
