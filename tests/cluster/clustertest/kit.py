# SPDX-License-Identifier: GPL-2.0-only
"""What the tests need inside the nodes: the runner's hand and the probes, in one archive."""

import glob
import os
import subprocess
import tarfile
import threading

from .failed import Failed
from .place import CACHE, GUEST, PROBES, TOP

THERE = "/tmp/clustertest"
BUILT = os.path.join(CACHE, "probes")
ARCHIVE = os.path.join(BUILT, "kit.tar")
made = threading.Lock()


def make():
    """Compile the probes with the build root's compiler, and pack the archive."""
    os.makedirs(BUILT, exist_ok=True)
    done = subprocess.run([os.path.join(TOP, "scripts", "inroot"), "make", "-s", "-C", PROBES, "OUT=" + BUILT],
                          cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        raise Failed(done.stderr.decode("utf-8", "replace"), command="make -C tests/probes")
    with tarfile.open(ARCHIVE + ".new", "w") as archive:
        for path in sorted(glob.glob(os.path.join(GUEST, "*.py"))):
            archive.add(path, os.path.basename(path))
        for path in sorted(glob.glob(os.path.join(PROBES, "*.c"))):
            name = "probe-" + os.path.basename(path)[:-2]
            archive.add(os.path.join(BUILT, name), name)
    os.rename(ARCHIVE + ".new", ARCHIVE)


def install(cluster, number):
    """Bring the archive into a node."""
    with made:
        if not os.path.exists(ARCHIVE):
            make()
    cluster.omlab("push", number, ARCHIVE, "/tmp/clustertest.tar")
    cluster.omlab("exec", number, "--", "sh", "-ec",
                  "mkdir -p %s; tar -C %s -xf /tmp/clustertest.tar" % (THERE, THERE))


def probe(name):
    """A probe's path inside a node."""
    return "%s/probe-%s" % (THERE, name)
