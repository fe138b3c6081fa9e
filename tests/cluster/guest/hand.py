# SPDX-License-Identifier: GPL-2.0-only
"""The test runner's hand inside a node: does what the host asks for, one JSON line each way.

Requests are served by threads of their own, so that one may wait for a condition while
another one acts. A request is {"id", "do", "args"}, an answer {"id", "value"} or
{"id", "failed": text}. All polling for conditions happens here, next to what is polled.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from job import POLL, Failed, Job, lock, read, unlocked, until, write  # noqa: E402
import swarm  # noqa: E402


class Hand:
    """All that can be asked for: each public method is a request."""

    def __init__(self):
        self.jobs = {}
        self.next = time.time_ns()  # no number of an earlier life of this node

    # Files and commands.

    def read(self, path):
        """A file's text, None if there is none."""
        return read(path)

    def write(self, path, text):
        """One write() to a file that exists."""
        try:
            write(path, text)
        except OSError as error:
            raise Failed("%s: %s" % (path, error.strerror)) from None

    def list(self, path):
        """Names in a directory, sorted; None if there is none."""
        try:
            return sorted(os.listdir(path))
        except FileNotFoundError:
            return None

    def until(self, path, pattern, seconds):
        """Wait until a file's text (or a directory's names) matches; the text."""
        def look():
            text = " ".join(self.list(path)) if os.path.isdir(path) else read(path)
            return ((text or " ") if re.search(pattern, text or "", re.MULTILINE) else None), repr(text)
        return until("%s to match %r" % (path, pattern), look, seconds)

    def run(self, argv, stdin=None, seconds=60, cwd=None):
        """Run a command to its end."""
        try:
            with unlocked():
                process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                           stderr=subprocess.PIPE, cwd=cwd)
            out, err = process.communicate((stdin or "").encode("latin-1"), seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Failed("%s: no end in %g s" % (" ".join(argv), seconds)) from None
        return {"status": process.returncode, "out": out.decode("latin-1"), "err": err.decode("latin-1")}

    def still(self, pid, seconds):
        """Wait until a task uses no CPU time for a third of a second.

        What counts is the looks: if the node stands still between two of them it has had no time to use.
        """
        state = {"used": None, "looks": 0}

        def look():
            used = (read("/proc/%d/stat" % pid) or "").rpartition(")")[2].split()[11:13]
            state.update(used=used, looks=state["looks"] + 1 if used == state["used"] else 0)
            return bool(used) and state["looks"] * POLL > 0.33, "CPU time %s" % used
        return until("task %d to stand still" % pid, look, seconds)

    # Jobs.

    def start(self, **options):
        """Start a job; its handle and pid."""
        job = Job(**options)
        self.next += 1
        self.jobs[self.next] = job
        return {"job": self.next, "pid": job.pid}

    def job(self, job, verb, args):
        """Something a job can do: see class Job."""
        return getattr(self.jobs[job], verb)(**args)

    def end(self, job):
        """Forget a job, and end it if it has not ended yet. One that was lost with the node is none of ours."""
        if job in self.jobs:
            self.jobs.pop(job).kill()

    def swarm(self, job, nodes, seconds, pause):
        """Move a job and its descendants about until it ends; see swarm.py."""
        return swarm.drive(self.jobs[job], nodes, seconds, pause)


def main():
    """Serve until the host hangs up; then leave nothing behind."""
    lock(True)
    hand, speaking = Hand(), threading.Lock()

    def serve(request):
        try:
            answer = {"value": getattr(hand, request["do"])(**request["args"])}
        except (Failed, OSError) as error:
            answer = {"failed": str(error)}
        except Exception:  # pylint: disable=broad-except
            answer = {"failed": traceback.format_exc()}
        answer["id"] = request["id"]
        with speaking:
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()

    print(json.dumps({"id": 0, "value": time.time()}), flush=True)
    for line in sys.stdin:
        threading.Thread(target=serve, args=(json.loads(line),), daemon=True).start()
    for job in list(hand.jobs.values()):
        try:
            job.kill()
        except Failed as error:
            print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
