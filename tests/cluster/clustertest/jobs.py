# SPDX-License-Identifier: GPL-2.0-only
"""Jobs that compute until they are told to stop, and whose results can be checked however long they ran."""

import contextlib

from .failed import Failed, expect

FACTOR, TERM, MODULUS = 6364136223846793005, 1442695040888963407, 1 << 64
BATCH = 5000
PROGRAM = """
import signal, sys
told = []
signal.signal(signal.SIGUSR1, lambda *_: told.append(True))
x = seed = int(sys.argv[1])
steps = 0
print("begun", flush=True)
while not told:
    for _ in range(%d):
        x = (x * %d + %d) %% %d
    steps += %d
print(seed, steps, x)
""" % (BATCH, FACTOR, TERM, MODULUS, BATCH)
LOST = 60     # seconds until everybody has noticed a lost node


@contextlib.contextmanager
def jobs(node, seeds):
    """A job on a node for each seed; all have begun."""
    with contextlib.ExitStack() as ends_all:
        begun = [ends_all.enter_context(node.start(["python3", "-c", PROGRAM, str(seed)])) for seed in seeds]
        for job in begun:
            job.expect("^begun$")
        yield begun


def result(seed, steps):
    """What a job has computed after so many steps: x → a x + c, composed with itself by squaring."""
    (a, c), (factor, term) = (1, 0), (FACTOR, TERM)
    while steps:
        if steps & 1:
            a, c = a * factor % MODULUS, (c * factor + term) % MODULUS
        factor, term = factor * factor % MODULUS, (term * factor + term) % MODULUS
        steps >>= 1
    return (a * seed + c) % MODULUS


def right(job):
    """Tell a job to stop: it ends well, and its result is right."""
    job.node.must(["kill", "-USR1", str(job.pid)])
    done = job.finish(120)
    expect("exit status; stderr: %s" % done["err"]["text"], 0, done["status"], job.node.number, job.command)
    seed, steps, x = map(int, done["out"]["text"].splitlines()[-1].split())
    if not steps:
        raise Failed("it has computed nothing", job.node.number, job.command)
    expect("the result of seed %d after %d steps" % (seed, steps), result(seed, steps), x, job.node.number, job.command)


def lost(job):
    """A job was on a lost node: it has ended, and not as if by itself."""
    status = job.finish(LOST)["status"]
    if status >= 0:
        raise Failed("it was on a lost node and ended with status %d" % status, job.node.number, job.command)
