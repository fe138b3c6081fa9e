# SPDX-License-Identifier: GPL-2.0-only
"""A cluster as `omlab` sees it: a directory, a lock, and a daemon behind a socket."""

import errno
import fcntl
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

from lab import frame, place, report


def say(text):
    """Talk goes to stderr."""
    print("omlab: " + text, file=sys.stderr, flush=True)


class NotUp(place.Failure):
    """There is no such cluster."""


class Connection:
    """One request to the daemon."""

    def __init__(self, sock):
        self.sock = sock
        self.parser = frame.Parser()

    def send(self, kind, body=b""):
        """A frame to the daemon."""
        self.sock.sendall(frame.pack(0, kind, body))

    def receive(self):
        """Some frames as (kind, body); none at the end."""
        try:
            data = self.sock.recv(1 << 18)
        except ConnectionError:
            data = b""
        if not data:
            raise place.Failure("the cluster went down")
        return [(kind, body) for _, kind, body in self.parser.feed(data)]

    def request(self, what, **arguments):
        """A request with one answer."""
        self.send(frame.REQUEST, json.dumps(dict(arguments, do=what)).encode())
        while True:
            for kind, body in self.receive():
                if kind == frame.SAY:
                    say(body.decode())
                elif kind == frame.REPLY:
                    return answer(body)


def answer(body):
    """The daemon's answer; its errors are ours."""
    reply = json.loads(body)
    if "error" in reply:
        raise place.Failure(reply["error"])
    return reply


class Cluster:
    """The cluster NAME."""

    def __init__(self, name):
        self.name = name
        self.dir = place.cluster_dir(name)

    def path(self, name):
        """A file of the cluster."""
        return os.path.join(self.dir, name)

    def lock(self):
        """The lock that a living cluster holds: its descriptor if we got it, else None."""
        os.makedirs(self.dir, mode=0o700, exist_ok=True)
        fd = os.open(self.path("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        return fd

    def connect(self):
        """A connection to the daemon."""
        missing = NotUp("cluster %s is not up (try omlab up)" % self.name)
        try:
            directory = os.open(self.dir, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise missing from None
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect("/proc/self/fd/%d/socket" % directory)  # short, however long the cache's path
        except (FileNotFoundError, ConnectionError):
            raise missing from None
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ECONNREFUSED):
                raise missing from None
            raise
        finally:
            os.close(directory)
        return Connection(sock)

    def launch(self, config, lock):
        """Start the daemon for CONFIG.  It inherits the lock, the socket and the shared directories."""
        for name in os.listdir(self.dir):
            if name != "lock":
                path = self.path(name)
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.getcwd()
        os.chdir(self.dir)  # a socket's name must be short
        listener.bind("socket")
        os.chdir(before)
        listener.listen(64)
        inherited = [lock, listener.fileno()]
        for share in config["shares"]:
            share["fd"] = os.open(share["host"], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            inherited.append(share["fd"])
        config["lock_fd"] = lock
        config["root"] = os.geteuid() == 0
        with open(self.path("config.json"), "w") as file:
            json.dump(config, file)
        spaces = ["unshare", "--net", "--pid", "--fork", "--kill-child"]
        if not config["root"]:
            spaces += ["--user", "--map-root-user"]
        with open(self.path("daemon.log"), "w") as log:
            process = subprocess.Popen(
                [*spaces, place.INROOT, "python3", "-B", "-m", "lab.daemon", self.dir, str(listener.fileno())],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=inherited, cwd=place.LAB,
                start_new_session=True)
        with open(self.path("pid"), "w") as file:
            file.write("%d\n" % process.pid)
        listener.close()
        for fd in inherited[2:]:
            os.close(fd)
        os.close(lock)

    def up(self, config):
        """Bring the cluster up."""
        lock = self.lock()
        if lock is None:
            raise place.Failure("cluster %s is already up (omlab down ends it)" % self.name)
        self.launch(config, lock)
        try:
            self.connect().request("up")
        except (place.Failure, KeyboardInterrupt) as failure:
            self.down()
            for node in self.consoles():
                for found in report.find(self.console(node)):
                    say("node %d: %s" % (node, found.fingerprint))
            if isinstance(failure, place.Failure):
                raise place.Failure("%s\nsee %s" % (failure, self.dir)) from None
            raise

    def down(self):
        """End the cluster, whatever state it is in.  The consoles stay to be read.  False if it was not up."""
        if not os.path.isdir(self.dir):
            return False
        lock = self.lock()
        was_up = lock is None
        if was_up:
            self.end(signal.SIGKILL)
            lock = self.wait_for_lock(10)
        for name in ("socket", "pid", "kit.ext4"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        os.close(lock)
        return was_up

    def end(self, number):
        """Ask the daemon to end; if it does not, kill the process that holds its name space."""
        try:
            connection = self.connect()
            connection.sock.settimeout(3)
            connection.request("down")
        except (place.Failure, OSError):
            pass  # it ended without an answer, as it should; or it does not answer
        lock = self.wait_for_lock(3, needed=False)
        if lock is not None:
            os.close(lock)
            return
        with open(self.path("pid")) as file:
            pid = int(file.read())
        with open("/proc/%d/cmdline" % pid) as file:
            if self.dir in file.read().split("\0"):
                os.kill(pid, number)

    def wait_for_lock(self, limit, needed=True):
        """The lock, within LIMIT seconds."""
        deadline = time.monotonic() + limit
        while True:
            lock = self.lock()
            if lock is not None:
                return lock
            if time.monotonic() > deadline:
                if needed:
                    raise place.Failure("processes of cluster %s do not end" % self.name)
                return None
            time.sleep(0.02)

    def consoles(self):
        """The console logs: {node: path}."""
        paths = {}
        for path in glob.glob(os.path.join(glob.escape(self.dir), "node*.console")):
            paths[int(os.path.basename(path)[4:-8])] = path
        return dict(sorted(paths.items()))

    def console(self, node):
        """The text of NODE's console."""
        try:
            with open(self.consoles()[node], errors="replace") as file:
                return file.read()
        except KeyError:
            raise place.Failure("there is no log of node %d" % node) from None

    def status(self):
        """State and reports of every node."""
        state = self.connect().request("status")
        for node in state["nodes"]:
            node["reports"] = [found.as_dict() for found in report.find(self.console(node["node"]))]
        state["reports"] = sum(len(node["reports"]) for node in state["nodes"])
        return dict(name=self.name, **state)
