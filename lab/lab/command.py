# SPDX-License-Identifier: GPL-2.0-only
"""The command line of `omlab`."""

import argparse
import json
import os
import re
import subprocess
import sys

from lab import network, place, quota, transfer
from lab.cluster import Cluster, NotUp, say
from lab.execute import Execution

FAILED = 1        # of most commands
NOT_UP = 3        # status: there is no such cluster
EXEC_FAILED = 125  # exec, shell: omlab failed, not the command

ABOUT = """\
A cluster of virtual machines on one computer, to try and to test openMosix.

The nodes are numbered from 1, named node1, node2 ... and have the addresses
10.1.0.1, 10.1.0.2 ...  They run Debian trixie; whatever is written on them is
thrown away when they are powered off.  Several clusters may be up at once,
told apart by --name (or $OMLAB_NAME).
"""

HELP = {
    "up": """\
Bring a cluster up, and return when every node sees every other.

The kernel, the guests' disk and the build root are made first if they are
missing.  What it waits for is said on stderr: with openMosix in the kernel,
that every node shows status UP for every other; otherwise, that they answer
to ping.  $OMLAB_KERNEL names another kernel (a bzImage) to boot.""",
    "exec": """\
Run a command on a node, as if it ran here.

Standard output and standard error stay apart, standard input is passed, and
the exit status is the command's (128 + N if signal N ended it; 127 if there
is no such command, 126 if it cannot be run, 125 if omlab itself failed).
Nothing is added and no shell is between: the arguments arrive as they are.
SIGINT, SIGTERM, SIGHUP and SIGQUIT are passed on to the command's process
group.  The end of the command ends the exec, even if a process that it left
behind still holds its output.  If omlab is killed, the command gets SIGHUP.

The command starts in the user's home directory with a small environment of
its own.  Besides root there is an ordinary user named "user".""",
    "push": """\
Copy a file or a directory to a node.

As with cp -r: an existing directory DST gets SRC inside.  Modes are kept,
everything belongs to root.""",
    "pull": """\
Copy a file or a directory from a node.

As with cp -r: an existing directory DST gets SRC inside.  Modes are kept.
A file of /proc may be pulled, too.""",
    "shell": "Log in to a node: an interactive shell on a terminal of its own.",
    "cut": """\
Take a node's network away, in both directions, until `heal`.

Its cable is pulled at the far end: the node keeps its carrier and its address
and merely meets silence.  exec, push, pull and shell go on working.""",
    "heal": "Give a node its network back.  Returns at once; the others see the node again a little later.",
    "kill": "Power a node off, as if its plug were pulled.  What was written on it is lost.",
    "start": "Power a node on again, from the clean disk.  Returns when it sees the others that are on.",
    "quota": """\
Give a node only a part of the time, as if its processors were slower.

PERCENT is of the time of all its CPUs, from 5 to 100; 100 is no quota.  It
holds until it is changed, also when the node is powered off and on.  The
kernel measures its speed when it boots, and when somebody tells it to:
`mosctl setspeed 0`.""",
    "status": """\
Show the nodes and what their kernels complain about.

Warnings, oopses, lockdep, RCU, hung-task, KASAN and kmemleak reports are
found on the consoles and shown by fingerprint: kind and topmost functions.
The exit status is 0 if all is well, 1 if there is any report, 3 if the
cluster is not up.""",
    "logs": "Print a node's console, from the first power-on of this cluster.  Works after `down`, too.",
    "down": "End a cluster: all its machines, its network and its daemon.  Its consoles stay for `logs`.",
}


def node_number(text):
    """NODE: 2 or node2."""
    match = re.fullmatch(r"(?:node)?([1-9]\d{0,2})", text)
    if not match:
        raise argparse.ArgumentTypeError("not a node: %s" % text)
    return int(match.group(1))


def count(most):
    """A whole number from 1 to MOST."""
    def parse(text):
        if not text.isdigit() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError("not a number from 1 to %d: %s" % (most, text))
        return int(text)
    return parse


def percent(text):
    """PERCENT: 40 or 40%."""
    number = text.removesuffix("%")
    if not number.isdigit() or not quota.LEAST <= int(number) <= quota.ALL:
        raise argparse.ArgumentTypeError("not a percentage from %d to %d: %s" % (quota.LEAST, quota.ALL, text))
    return int(number)


def node_percent(text):
    """NODE=PERCENT."""
    node, _, part = text.partition("=")
    return node_number(node), percent(part)


def mebibytes(text):
    """MEM: 2048, 2048M or 2G."""
    match = re.fullmatch(r"(\d+)([MmGg]?)(?:i?[Bb])?", text)
    size = int(match.group(1)) * (1024 if match.group(2) in "Gg" and match.group(2) else 1) if match else 0
    if size < 128:
        raise argparse.ArgumentTypeError("not a memory size of at least 128M: %s" % text)
    return size


def rate(text):
    """RATE: checked here, so that mistakes show early."""
    try:
        network.bits(text)
    except place.Failure as failure:
        raise argparse.ArgumentTypeError(str(failure)) from None
    return text


def share(text):
    """HOSTDIR:GUESTDIR."""
    host, _, guest = text.rpartition(":")
    if not host or not guest.startswith("/") or re.search(r"\s", guest):
        raise argparse.ArgumentTypeError("not HOSTDIR:/GUESTDIR: %s" % text)
    if not os.path.isdir(host):
        raise argparse.ArgumentTypeError("no directory %s" % host)
    return {"host": os.path.abspath(host), "guest": guest}


def parser():
    """The grammar."""
    name = argparse.ArgumentParser(add_help=False)
    name.add_argument("--name", default=argparse.SUPPRESS, help="the cluster's name (default: $OMLAB_NAME or default)")
    top = argparse.ArgumentParser(prog="omlab", description=ABOUT, parents=[name],
                                  formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(verb, *positionals, usage=None):
        sub = commands.add_parser(verb, parents=[name], help=HELP[verb].split("\n")[0], description=HELP[verb],
                                  formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
                                  usage=usage)
        for positional in positionals:
            sub.add_argument(positional.lower(), metavar=positional,
                             **({"type": node_number} if positional == "NODE" else {}))
        return sub

    up = command("up")
    up.add_argument("--nodes", type=count(64), default=2, metavar="N", help="number of nodes (default: 2)")
    up.add_argument("--cpus", type=count(64), default=1, metavar="C", help="CPUs of each (default: 1)")
    up.add_argument("--mem", type=mebibytes, default=2048, metavar="M", help="memory of each: MiB, or 2G (default: 2G)")
    up.add_argument("--accel", choices=("auto", "kvm", "tcg"), default="auto",
                    help="auto (default) takes KVM if a guest really boots with it in time, else TCG")
    up.add_argument("--rate", type=rate, metavar="RATE",
                    help="speed of each node's network, as 1gbit or 100mbit (tbf on its cable, towards the node)")
    up.add_argument("--debug", action="store_true", help="boot the debug kernel")
    up.add_argument("--share", type=share, action="append", default=[], metavar="HOSTDIR:GUESTDIR", dest="shares",
                    help="show a directory of the host on all nodes, read-write (9p); may be repeated")
    up.add_argument("--quota", type=node_percent, action="append", default=[], metavar="NODE=PERCENT", dest="quotas",
                    help="a node runs only for this part of the time, from the start; may be repeated")
    run = command("exec", "NODE", usage="omlab exec NODE [--user U] [--tty] -- CMD [ARG ...]")
    run.add_argument("--user", default="root", metavar="U", help="run as this user (default: root)")
    run.add_argument("--tty", "-t", action="store_true",
                     help="give the command a terminal; output and errors then are one stream")
    command("push", "NODE", "SRC", "DST")
    command("pull", "NODE", "SRC", "DST")
    command("shell", "NODE").add_argument("--user", default="root", metavar="U", help="log in as (default: root)")
    for verb in ("cut", "heal", "kill", "start"):
        command(verb, "NODE")
    command("quota", "NODE").add_argument("percent", type=percent, metavar="PERCENT", help="from 5 to 100")
    command("status").add_argument("--json", action="store_true", help="for programs")
    command("logs", "NODE")
    command("down")
    return top


def made(*script):
    """What a script of the repository makes: the path that it prints.  Its talk goes to stderr."""
    try:
        done = subprocess.run(script, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, check=True)
    except (subprocess.CalledProcessError, OSError) as error:
        raise place.Failure("%s failed (%s)" % (os.path.basename(script[0]), error)) from None
    return done.stdout.strip().split("\n")[-1]


def do_up(cluster, options):
    """Find or make kernel, programs and disk, then start."""
    quotas = dict(options.quotas)
    if max(quotas, default=0) > options.nodes:
        raise place.Failure("a quota for node %d, and there are %d nodes" % (max(quotas), options.nodes))
    kernel = os.environ.get("OMLAB_KERNEL")
    if not kernel:
        kernel = os.path.join(made(os.path.join(place.SCRIPTS, "kernel"), "debug" if options.debug else "lab"),
                              "bzImage")
    made(os.path.join(place.SCRIPTS, "tools"))
    cluster.up({"nodes": options.nodes, "cpus": options.cpus, "mem": options.mem, "accel": options.accel,
                "rate": options.rate, "debug": options.debug, "shares": options.shares, "quotas": quotas,
                "kernel": os.path.realpath(kernel),
                "image": made(os.path.join(place.LAB, "guest-image"))})
    return 0


def do_exec(cluster, options):
    """A command on a node."""
    try:
        return Execution(cluster, options.node, options.argv, options.user, options.tty).run()
    except place.Failure as failure:
        say(str(failure))
        return EXEC_FAILED


def do_shell(cluster, options):
    """An interactive terminal."""
    options.argv, options.tty = ["/bin/bash", "--login"], True
    return do_exec(cluster, options)


def do_push(cluster, options):
    """Files to a node."""
    return transfer.push(cluster, options.node, options.src, options.dst)


def do_pull(cluster, options):
    """Files from a node."""
    return transfer.pull(cluster, options.node, options.src, options.dst)


def do_request(cluster, options):
    """cut, heal, kill, start."""
    cluster.connect().request(options.command, node=options.node)
    return 0


def do_quota(cluster, options):
    """A part of the time."""
    cluster.connect().request("quota", node=options.node, percent=options.percent)
    return 0


def do_status(cluster, options):
    """Nodes and reports."""
    try:
        status = cluster.status()
    except NotUp as failure:
        say(str(failure))
        return NOT_UP
    if options.json:
        print(json.dumps(status, indent=1))
    else:
        print("cluster %s: %d nodes, %d CPUs and %d MiB each, %s%s" % (
            status["name"], len(status["nodes"]), status["cpus"], status["mem"], status["accel"],
            ", %s" % status["rate"] if status["rate"] else ""))
        print("%-5s %-10s %-8s %-8s %-6s %s" % ("node", "address", "state", "network", "quota", "reports"))
        for node in status["nodes"]:
            print("%-5d %-10s %-8s %-8s %-6s %d" % (node["node"], node["address"], node["state"], node["network"],
                                                    "%d%%" % node["quota"], len(node["reports"])))
        for node in status["nodes"]:
            for report in node["reports"]:
                print("\nnode %d: %s\n%s" % (node["node"], report["fingerprint"], report["text"].strip("\n")))
    return FAILED if status["reports"] else 0


def do_logs(cluster, options):
    """A console."""
    sys.stdout.write(cluster.console(options.node))
    return 0


def do_down(cluster, _options):
    """The end."""
    if not cluster.down():
        say("cluster %s was not up" % cluster.name)
    return 0


DO = {"up": do_up, "exec": do_exec, "push": do_push, "pull": do_pull, "shell": do_shell, "cut": do_request,
      "heal": do_request, "kill": do_request, "start": do_request, "quota": do_quota, "status": do_status,
      "logs": do_logs, "down": do_down}


def main(arguments):
    """Run `omlab ARGUMENTS`; return its exit status."""
    for fd in (0, 1, 2):  # a closed standard stream must not become some other file of ours
        try:
            os.fstat(fd)
        except OSError:
            os.open("/dev/null", os.O_RDWR)
    argv = None
    if "--" in arguments:
        cut = arguments.index("--")
        arguments, argv = arguments[:cut], arguments[cut + 1:]
    grammar = parser()
    options = grammar.parse_args(arguments)
    if (options.command == "exec") != bool(argv):
        grammar.error("exec needs `-- CMD`, and only exec has it")
    options.argv = argv
    try:
        cluster = Cluster(getattr(options, "name", os.environ.get("OMLAB_NAME") or "default"))
        return DO[options.command](cluster, options)
    except place.Failure as failure:
        say(str(failure))
        return FAILED
    except BrokenPipeError:  # head has seen enough
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        return 141
    except KeyboardInterrupt:
        return 130
