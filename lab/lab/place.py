# SPDX-License-Identifier: GPL-2.0-only
"""Places: where the lab finds and keeps things."""

import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.abspath(os.environ.get("OPENMOSIX_CACHE") or os.path.expanduser("~/.cache/openmosix"))
LAB = os.path.join(TOP, "lab")
SCRIPTS = os.path.join(TOP, "scripts")
TOOLS = os.path.join(CACHE, "tools", "bin")
INROOT = os.path.join(SCRIPTS, "inroot")


class Failure(Exception):
    """Something that the user must be told, without a backtrace."""


def cluster_dir(name):
    """The directory of the cluster NAME."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name):
        raise Failure("bad cluster name: %s" % name)
    return os.path.join(CACHE, "lab", "clusters", name)


def boot_id():
    """Changes when the host is started again."""
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()
