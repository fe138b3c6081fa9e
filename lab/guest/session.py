# SPDX-License-Identifier: GPL-2.0-only
"""A session: one command that the host runs here, with its streams and its end."""

import contextlib
import errno
import fcntl
import json
import os
import pwd
import selectors
import signal
import struct
import subprocess
import termios

import frame

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
END_OF_FILE = b"\x04"


def lock(locked):
    """Let this process and its children move by themselves, or not; nothing on a kernel without openMosix."""
    if os.path.exists("/proc/self/lock"):
        with open("/proc/self/lock", "w") as file:
            file.write("1" if locked else "0")


@contextlib.contextmanager
def unlocked():
    """What is started meanwhile is not locked, as the agent is."""
    lock(False)
    try:
        yield
    finally:
        lock(True)


class Outgoing:
    """A stream of the command on its way to the host."""

    def __init__(self, session, kind, fd):
        self.session, self.kind, self.fd = session, kind, fd
        self.credit = frame.WINDOW
        self.discard = False
        self.watched = False
        os.set_blocking(fd, False)
        self.watch()

    def watch(self):
        """Wait for data exactly while some may be sent."""
        wanted = self.fd is not None and (self.credit > 0 or self.discard)
        if wanted != self.watched:
            self.watched = wanted
            selector = self.session.agent.selector
            if wanted:
                selector.register(self.fd, selectors.EVENT_READ, self.pump)
            else:
                selector.unregister(self.fd)

    def pump(self):
        """Move what is there.  True when the command has no more for now."""
        try:
            data = os.read(self.fd, frame.CHUNK if self.discard else min(frame.CHUNK, self.credit))
        except BlockingIOError:
            return True
        except OSError as error:  # a terminal whose last user has gone
            if error.errno != errno.EIO:
                raise
            data = b""
        if not self.discard:
            self.session.agent.send(self.session.number, self.kind, data)
            self.credit -= len(data)
        if not data:
            self.close()
        self.watch()
        if self.session.ended:
            self.session.finish()
        return not data

    def drain(self):
        """After the command's end: send what it left.  False if the host must read first."""
        while self.fd is not None and not self.discard:
            if self.credit <= 0:
                return False
            try:
                data = os.read(self.fd, min(frame.CHUNK, self.credit))
            except OSError:  # nothing more (EAGAIN), or the terminal has gone (EIO)
                return True
            if not data:
                self.close()
                return True
            self.session.agent.send(self.session.number, self.kind, data)
            self.credit -= len(data)
        return True

    def ignore(self):
        """A process that outlives the command keeps the stream: swallow what it writes."""
        self.discard = True
        self.watch()

    def close(self):
        """No more of this stream."""
        if self.fd is not None:
            fd, self.fd = self.fd, None
            if self.watched:
                self.watched = False
                self.session.agent.selector.unregister(fd)
            os.close(fd)


class Incoming:
    """The command's standard input on its way from the host."""

    def __init__(self, session, fd, tty):
        self.session, self.fd, self.tty = session, fd, tty
        self.buffer = bytearray()
        self.ended = self.watched = False
        os.set_blocking(fd, False)

    def take(self, data):
        """More bytes, or the end."""
        if self.fd is None:
            self.consumed(len(data))
            return
        if data:
            self.buffer += data
        else:
            self.ended = True
            if self.tty and not self.buffer:
                self.buffer += END_OF_FILE
        self.pump()

    def pump(self):
        """Pass on as much as the command takes."""
        try:
            if self.buffer:
                written = os.write(self.fd, self.buffer)
                del self.buffer[:written]
                self.consumed(written)
        except BlockingIOError:
            pass
        except OSError:  # it closed its input: swallow the rest
            self.consumed(len(self.buffer))
            self.close()
            return
        if self.ended and not self.buffer and not self.tty:
            self.close()
        else:
            self.watch(bool(self.buffer))

    def consumed(self, count):
        """Let the host send as much again."""
        if count and not self.session.ended:
            self.session.agent.send(self.session.number, frame.CREDIT,
                                    frame.CREDIT_BODY.pack(frame.STDIN, count))

    def watch(self, wanted):
        """Wait for room exactly while there is something to write."""
        if wanted != self.watched:
            self.watched = wanted
            if wanted:
                self.session.agent.selector.register(self.fd, selectors.EVENT_WRITE, self.pump)
            else:
                self.session.agent.selector.unregister(self.fd)

    def close(self):
        """No more input."""
        if self.fd is not None:
            self.watch(False)
            os.close(self.fd)
            self.fd = None
        self.buffer.clear()


class Session:
    """One command."""

    def __init__(self, agent, number, body):
        self.agent, self.number = agent, number
        self.outgoing, self.incoming = [], None
        self.process = self.pidfd = self.terminal = self.status = None
        self.ended = False
        wish = json.loads(body)
        try:
            self.spawn(wish)
        except (OSError, KeyError, ValueError) as error:
            status = 125
            if isinstance(error, KeyError):
                text = "no user %s" % wish["user"]
            elif isinstance(error, OSError):
                text = "%s: %s" % (wish["argv"][0], error.strerror)
                status = 127 if error.errno == errno.ENOENT else 126
            else:
                text = str(error)
            agent.send(number, frame.STDERR, ("omlab: %s\n" % text).encode())
            agent.send(number, frame.EXIT, frame.EXIT_BODY.pack(status))
            return
        agent.sessions[number] = self
        self.pidfd = os.pidfd_open(self.process.pid)
        agent.selector.register(self.pidfd, selectors.EVENT_READ, self.exited)

    def spawn(self, wish):
        """Start the command as WISH says."""
        user = pwd.getpwnam(wish["user"])
        env = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": user.pw_dir, "USER": user.pw_name,
               "LOGNAME": user.pw_name, "SHELL": user.pw_shell}
        env.update(wish["env"])
        options = {"env": env, "cwd": user.pw_dir if os.path.isdir(user.pw_dir) else "/",
                   "start_new_session": True}
        if user.pw_uid:
            options.update(user=user.pw_uid, group=user.pw_gid,
                           extra_groups=os.getgrouplist(user.pw_name, user.pw_gid))
        if wish["tty"]:
            self.spawn_on_terminal(wish, user, options)
        else:
            self.spawn_on_pipes(wish, options)

    def spawn_on_pipes(self, wish, options):
        """Three pipes, as a shell would make them."""
        pipes = [os.pipe() for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        ours = [pipes[0][1], pipes[1][0], pipes[2][0]]
        try:
            with unlocked():
                self.process = subprocess.Popen(wish["argv"], stdin=theirs[0], stdout=theirs[1],
                                                stderr=theirs[2], **options)
        except BaseException:
            for fd in ours:
                os.close(fd)
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        self.incoming = Incoming(self, ours[0], tty=False)
        self.outgoing = [Outgoing(self, frame.STDOUT, ours[1]), Outgoing(self, frame.STDERR, ours[2])]

    def spawn_on_terminal(self, wish, user, options):
        """A pseudo terminal of the command's own, as its controlling terminal."""
        master, slave = os.openpty()
        try:
            self.resize(master, *wish["tty"])
            os.fchown(slave, user.pw_uid, 5)
            with unlocked():
                self.process = subprocess.Popen(
                    wish["argv"], stdin=slave, stdout=slave, stderr=slave,
                    preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), **options)
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        self.terminal = master
        self.incoming = Incoming(self, os.dup(master), tty=True)
        self.outgoing = [Outgoing(self, frame.STDOUT, master)]

    @staticmethod
    def resize(fd, rows, columns):
        """Tell the terminal its size; its foreground gets SIGWINCH."""
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def at_end_of_input(self):
        """Whether a terminal shall say so again and again, as every reader of it sees it only once."""
        return self.incoming.tty and self.incoming.ended and self.incoming.fd is not None

    def take(self, kind, body):
        """A frame from the host."""
        if kind == frame.STDIN:
            self.incoming.take(body)
        elif kind == frame.CREDIT:
            stream, count = frame.CREDIT_BODY.unpack(body)
            for out in self.outgoing:
                if out.kind == stream:
                    out.credit += count
                    out.watch()
            if self.ended:
                self.finish()
        elif kind == frame.SIGNAL:
            self.kill(*frame.SIGNAL_BODY.unpack(body))
        elif kind == frame.RESIZE and self.terminal is not None and self.outgoing[0].fd is not None:
            self.resize(self.terminal, *frame.RESIZE_BODY.unpack(body))
        elif kind == frame.CLOSE:
            self.hang_up()

    def kill(self, number):
        """Signal the command's process group, or on a terminal the foreground one."""
        if self.ended:
            return
        group = self.process.pid
        if self.terminal is not None and self.outgoing[0].fd is not None:
            group = os.tcgetpgrp(self.terminal) or group
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            pass

    def hang_up(self):
        """The host's end has gone: what a lost terminal line would do."""
        self.kill(signal.SIGHUP)
        self.kill(signal.SIGCONT)
        self.incoming.close()
        for out in self.outgoing:
            out.ignore()

    def exited(self):
        """The command has ended."""
        code = self.process.wait()
        self.status = code if code >= 0 else 128 - code
        self.agent.selector.unregister(self.pidfd)
        os.close(self.pidfd)
        self.ended = True
        self.incoming.close()
        self.finish()

    def finish(self):
        """Report the end, once all that the command wrote is on its way."""
        if self.status is None or not all([out.drain() for out in self.outgoing]):
            for out in self.outgoing:
                out.watch()
            return
        self.agent.send(self.number, frame.EXIT, frame.EXIT_BODY.pack(self.status))
        self.status = None
        for out in self.outgoing:
            if self.terminal is not None:
                out.close()
            else:
                out.ignore()
        del self.agent.sessions[self.number]
