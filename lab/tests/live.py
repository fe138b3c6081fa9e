# SPDX-License-Identifier: GPL-2.0-only
"""omlab itself, with a real cluster:  python3 -m unittest -v lab/tests/live.py

It boots two nodes of its own under the name "live" ($OMLAB_KERNEL is
respected), and takes about two minutes with TCG.
"""

import hashlib
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

OMLAB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "omlab")
NAME = "live"

TIME_SERVER = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.1.0.2", 5001))
print("ready", flush=True)
while True:
    _, peer = s.recvfrom(16)
    s.sendto(str(time.time_ns()).encode(), peer)
"""
TIME_CLIENT = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("10.1.0.2", 5001))
s.settimeout(10)
best = (1 << 62, 0)
for _ in range(300):
    before = time.time_ns()
    s.send(b"?")
    theirs = int(s.recv(64))
    after = time.time_ns()
    best = min(best, (after - before, theirs - (before + after) // 2))
print(*best)
"""


def omlab(*arguments, **options):
    """Run omlab on our cluster; return the finished process."""
    options.setdefault("stdin", subprocess.DEVNULL)
    if "input" in options:
        del options["stdin"]
    return subprocess.run([OMLAB, "--name", NAME, *map(str, arguments)], capture_output=True, timeout=120,
                          **options)


def run(node, *command, **options):
    """A command on a node that must succeed: what it printed."""
    done = omlab("exec", node, "--", *command, **options)
    if done.returncode or done.stderr:
        raise AssertionError("%r: %d: %s" % (command, done.returncode, done.stderr.decode()))
    return done.stdout.decode()


def until(condition, limit=20):
    """Wait for a condition."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("not within %d s" % limit)
        time.sleep(0.05)


class Terminal:
    """omlab with a terminal as its own."""

    def __init__(self, *arguments):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.execv(OMLAB, [OMLAB, "--name", NAME, *arguments])
        self.seen = b""

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, pattern, limit=20):
        """Read until PATTERN appears."""
        deadline = time.monotonic() + limit
        while True:
            match = re.search(pattern.encode(), self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match
            if not select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError("no %r in %r" % (pattern, self.seen))
            self.seen += os.read(self.fd, 4096)

    def wait(self):
        """The exit status."""
        try:
            while os.read(self.fd, 4096):
                pass
        except OSError:
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Live(unittest.TestCase):
    """One cluster of two nodes for all of these."""

    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="omlab-live.")
        omlab("down")
        start = time.monotonic()
        done = omlab("up", "--nodes", 2, "--accel", "tcg", "--mem", "512M", "--share", cls.dir + ":/share")
        cls.boot = time.monotonic() - start
        if done.returncode:
            raise AssertionError(done.stderr.decode())
        cls.up_said = done.stderr.decode()

    @classmethod
    def tearDownClass(cls):
        omlab("down")
        shutil.rmtree(cls.dir)

    def test_up_says_what_it_waits_for(self):
        self.assertIn("waiting until every node sees every other", self.up_said)
        self.assertEqual(omlab("up").returncode, 1, "a second up must not harm the first")
        run(1, "true")

    def test_streams_status_and_arguments(self):
        done = omlab("exec", 1, "--", "sh", "-c", "echo out; echo err >&2; cat; exit 7", input=b"in\n")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (7, b"out\nin\n", b"err\n"))
        self.assertEqual(run("node2", "printf", "[%s]", "a b", "", "--", "$HOME", "*", "\n"),
                         "[a b][][--][$HOME][*][\n]")
        self.assertEqual(run(2, "hostname"), "node2\n")
        self.assertEqual(omlab("exec", 1, "--", "sh", "-c", "kill -TERM $$").returncode, 143)
        self.assertEqual(omlab("exec", 1, "--", "no-such-command").returncode, 127)
        self.assertEqual(omlab("exec", 1, "--", "/etc/passwd").returncode, 126)
        self.assertEqual(omlab("exec", 3, "--", "true").returncode, 125)
        self.assertEqual(omlab("exec", 1).returncode, 2)

    def test_time_slices_fit_tcg(self):
        self.assertEqual(run(1, "cat", "/sys/kernel/debug/sched/base_slice_ns"), "7000000\n")

    def test_user(self):
        self.assertEqual(run(1, "id", "-u"), "0\n")
        done = omlab("exec", "1", "--user", "user", "--", "sh", "-c", "id -un; id -Gn; pwd; cd ~ && touch x && echo $HOME")
        self.assertEqual(done.stdout, b"user\nuser\n/home/user\n/home/user\n")
        self.assertEqual(omlab("exec", 1, "--user", "stranger", "--", "true").returncode, 125)

    def test_the_rest_of_a_command_does_not_hold_us_up(self):
        start = time.monotonic()
        self.assertEqual(run(1, "sh", "-c", "sleep 60 & echo $!; (sleep 1; echo late; echo yes >/tmp/late) &")
                         .strip().isdigit(), True)
        self.assertLess(time.monotonic() - start, 20)
        until(lambda: omlab("exec", 1, "--", "cat", "/tmp/late").stdout == b"yes\n")

    def test_many_in_a_row_and_at_once(self):
        for number in range(30):
            self.assertEqual(omlab("exec", 1, "--", "sh", "-c", "exit %d" % number).returncode, number)
        crowd = [subprocess.Popen([OMLAB, "--name", NAME, "exec", str(1 + i % 2), "--", "sh", "-c",
                                   "head -c 1000000 /dev/zero | tr '\\0' %d; exit %d" % (i % 10, i)],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) for i in range(12)]
        for i, process in enumerate(crowd):
            self.assertEqual(process.communicate()[0], str(i % 10).encode() * 1000000)
            self.assertEqual(process.returncode, i)

    def test_100_megabytes_there_and_back(self):
        data = os.urandom(1 << 20) * 100
        done = omlab("exec", 2, "--", "cat", input=data)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(hashlib.sha256(done.stdout).digest(), hashlib.sha256(data).digest())

    def test_a_reader_that_stops_reading(self):
        done = omlab("exec", 1, "--", "head", "-c", "5", input=b"hello" * 1000000)
        self.assertEqual((done.returncode, done.stdout), (0, b"hello"))

    def test_signals_reach_the_command(self):
        process = subprocess.Popen([OMLAB, "--name", NAME, "exec", "1", "--", "sh", "-c",
                                    "trap 'echo got; exit 9' TERM; echo ready; while :; do sleep 0.1; done"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        process.terminate()
        self.assertEqual(process.communicate()[0], b"got\n")
        self.assertEqual(process.returncode, 9)

    def test_a_killed_omlab_hangs_up(self):
        process = subprocess.Popen([OMLAB, "--name", NAME, "exec", "1", "--", "sh", "-c", "echo $$; exec sleep 1000"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        pid = process.stdout.readline().decode().strip()
        process.kill()
        process.communicate()
        until(lambda: omlab("exec", 1, "--", "kill", "-0", pid).returncode)

    def test_shell_and_job_control(self):
        terminal = Terminal("shell", "1")
        terminal.expect(r"node1:~# ")
        terminal.type("tty; sleep 1000\r")
        terminal.expect("/dev/pts/")
        until(lambda: omlab("exec", 1, "--", "pgrep", "-x", "sleep", "-t", "pts/0").returncode == 0)
        terminal.type("\x1a")
        terminal.expect("Stopped")
        terminal.type("fg\r")
        until(lambda: "S+" in run(1, "sh", "-c", "ps -o stat= -C sleep"))
        terminal.type("\x03")
        terminal.expect(r"node1:~# ")
        terminal.type("exit 5\r")
        self.assertEqual(terminal.wait(), 5)

    def test_tty_without_a_terminal_of_ours(self):
        done = omlab("exec", "1", "--tty", "--", "sh", "-c", "test -t 0 && test -t 1 && stty size; read x; echo got $x; cat",
                     input=b"word\n")
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"24 80", done.stdout)
        self.assertIn(b"got word", done.stdout)

    def test_shell_that_reads_commands(self):
        done = omlab("shell", 1, input=b"cd /tmp; echo $((6 * 7)) $PWD\ncat\n")
        self.assertIn(b"42 /tmp", done.stdout)
        self.assertEqual(done.returncode, 0)

    def test_push_and_pull(self):
        tree = os.path.join(self.dir, "tree")
        os.makedirs(os.path.join(tree, "sub"))
        with open(os.path.join(tree, "sub", "file"), "wb") as file:
            file.write(os.urandom(300000))
        os.chmod(os.path.join(tree, "sub", "file"), 0o741)
        os.symlink("sub/file", os.path.join(tree, "link"))
        for destination, lands in (("/root/new", "/root/new"), ("/root", "/root/tree")):
            self.assertEqual(omlab("push", 1, tree, destination).returncode, 0)
            back = os.path.join(self.dir, "back" + lands.replace("/", "-"))
            self.assertEqual(omlab("pull", 1, lands, back).returncode, 0)
            subprocess.run(["diff", "-r", tree, back], check=True)
            self.assertEqual(os.stat(os.path.join(back, "sub", "file")).st_mode & 0o777, 0o741)
            self.assertEqual(os.readlink(os.path.join(back, "link")), "sub/file")
        self.assertEqual(omlab("push", 1, "/bin/true", "/root/true").returncode, 0)
        run(1, "/root/true")
        one = os.path.join(self.dir, "meminfo")
        self.assertEqual(omlab("pull", 1, "/proc/meminfo", one).returncode, 0)
        with open(one) as file:
            self.assertIn("MemTotal", file.read())
        self.assertNotEqual(omlab("pull", 1, "/missing", one).returncode, 0)
        self.assertNotEqual(omlab("push", 1, "/missing", "/root").returncode, 0)

    def test_share_is_read_write(self):
        with open(os.path.join(self.dir, "ours"), "w") as file:
            file.write("from the host\n")
        self.assertEqual(run(1, "cat", "/share/ours"), "from the host\n")
        run(1, "sh", "-c", "echo from node 1 >/share/theirs")
        self.assertEqual(run(2, "cat", "/share/theirs"), "from node 1\n")
        with open(os.path.join(self.dir, "theirs")) as file:
            self.assertEqual(file.read(), "from node 1\n")

    def test_clocks_agree(self):
        """Node 1 asks node 2 for the time, 300 times; the quickest answer is the truest."""
        server = subprocess.Popen([OMLAB, "--name", NAME, "exec", "2", "--", "python3", "-c", TIME_SERVER],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.assertEqual(server.stdout.readline(), b"ready\n")
        took, difference = map(int, run(1, "python3", "-c", TIME_CLIENT).split())
        server.terminate()
        server.communicate()
        self.assertLess(abs(difference), took / 2 + 1e6, "nanoseconds, beyond what the exchange leaves in doubt")

    def test_cut_and_heal(self):
        def ping(node, other):
            return omlab("exec", node, "--", "ping", "-nqc1", "-W1", "node%d" % other).returncode == 0

        self.assertTrue(ping(1, 2))
        self.assertEqual(omlab("cut", 2).returncode, 0)
        self.assertFalse(ping(1, 2))
        self.assertFalse(ping(2, 1))
        state = json.loads(omlab("status", "--json").stdout)
        self.assertEqual([node["network"] for node in state["nodes"]], ["on", "cut"])
        self.assertEqual(omlab("heal", 2).returncode, 0)
        until(lambda: ping(1, 2) and ping(2, 1))

    def test_kill_and_start(self):
        run(2, "sh", "-c", "echo gone >/root/written")
        waiting = subprocess.Popen([OMLAB, "--name", NAME, "exec", "2", "--", "sleep", "1000"],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        until(lambda: omlab("exec", 2, "--", "pgrep", "-fx", "sleep 1000").returncode == 0)
        self.assertEqual(omlab("kill", 2).returncode, 0)
        waiting.communicate()
        self.assertEqual(waiting.returncode, 125)
        self.assertEqual(omlab("exec", 2, "--", "true").returncode, 125)
        self.assertEqual(json.loads(omlab("status", "--json").stdout)["nodes"][1]["state"], "off")
        run(1, "true")
        self.assertEqual(omlab("start", 2).returncode, 0)
        self.assertNotEqual(omlab("exec", 2, "--", "test", "-e", "/root/written").returncode, 0)


class Crash(unittest.TestCase):
    """A cluster that meets its end."""

    def setUp(self):
        self.assertEqual(omlab("up", "--nodes", 1, "--accel", "tcg", "--mem", "256M").returncode, 0)

    def tearDown(self):
        omlab("down")

    def test_a_crash_is_reported_and_down_ends_all(self):
        self.assertEqual(omlab("status").returncode, 0)
        omlab("exec", 1, "--", "sh", "-c", "echo c >/proc/sysrq-trigger")
        until(lambda: omlab("status").returncode == 1)
        status = json.loads(omlab("status", "--json").stdout)
        found, = status["nodes"][0]["reports"]
        self.assertEqual(found["kind"], "panic")
        self.assertIn("sysrq_handle_crash", found["fingerprint"])
        self.assertEqual(omlab("down").returncode, 0)
        self.assertEqual(omlab("status").returncode, 3)
        self.assertIn(b"sysrq triggered crash", omlab("logs", 1).stdout)

    def test_nothing_outlives_the_daemon(self):
        def machines():
            found = []
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open("/proc/%s/cmdline" % pid) as file:
                        words = file.read().split("\0")
                    if "qemu-system" in words[0] and os.path.basename(os.readlink("/proc/%s/cwd" % pid)) == NAME:
                        found.append(int(pid))
                except OSError:
                    continue
            return found

        self.assertEqual(len(machines()), 1)
        with open("/proc/%d/stat" % machines()[0]) as file:
            daemon = int(file.read().rsplit(")", 1)[1].split()[1])
        os.kill(daemon, signal.SIGKILL)
        until(lambda: not machines())
        self.assertEqual(omlab("status").returncode, 3)
        self.assertEqual(omlab("down").returncode, 0)


if __name__ == "__main__":
    unittest.main()
