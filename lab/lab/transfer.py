# SPDX-License-Identifier: GPL-2.0-only
"""Transfer: files and directories to and from a node, as `cp -r` would name them."""

import os
import shutil
import stat
import sys
import tarfile
import tempfile
import threading

from lab import place
from lab.execute import Execution

# $1 destination, $2 name of the source, $3 "dir" or the mode of a file
TAKE = r"""
to=$1
[ -d "$to" ] && to=${to%/}/$2
if [ "$3" = dir ]; then
	mkdir -p -- "$to" && exec tar -xpf - --no-same-owner -C "$to"
fi
[ -f "$to" ] && rm -f -- "$to" 2>/dev/null # it may be a program that runs
cat >"$to" || exit
chmod "$3" -- "$to" 2>/dev/null || :
"""

# $1 source; prints a line about it, and its content
GIVE = r"""
if [ -d "$1" ]; then
	echo dir
	exec tar -cf - -C "$1" .
fi
mode=$(stat -L -c %a -- "$1") || exit
echo "$mode"
exec cat -- "$1"
"""


def shell(cluster, node, script, args, files):
    """Run SCRIPT on NODE with our descriptors FILES."""
    return Execution(cluster, node, ["/bin/sh", "-c", script, "omlab", *args], files=files).run()


def push(cluster, node, source, destination):
    """Copy SOURCE of the host to DESTINATION on NODE; returns an exit status."""
    real = os.path.realpath(source)
    name = os.path.basename(os.path.abspath(source))
    try:
        if not os.path.isdir(real):
            with open(real, "rb") as file:
                mode = "%o" % stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                return shell(cluster, node, TAKE, [destination, name, mode], (file.fileno(), 1, 2))
    except OSError as error:
        raise place.Failure("%s: %s" % (source, error.strerror)) from None
    reader, writer = os.pipe()

    def pack():
        try:
            with os.fdopen(writer, "wb") as pipe, tarfile.open(fileobj=pipe, mode="w|") as tar:
                tar.add(real, arcname=".")
        except BrokenPipeError:
            pass  # the node has given up, and says why

    packer = threading.Thread(target=pack, daemon=True)
    packer.start()
    status = shell(cluster, node, TAKE, [destination, name, "dir"], (reader, 1, 2))
    os.close(reader)
    packer.join()
    return status


def as_ours(member, _path=None):
    """A file from a node becomes the user's."""
    member.uid, member.gid = os.geteuid(), os.getegid()
    member.uname = member.gname = ""
    return None if member.isdev() else member


def pull(cluster, node, source, destination):
    """Copy SOURCE on NODE to DESTINATION of the host; returns an exit status."""
    target = destination
    if os.path.isdir(destination):
        target = os.path.join(destination, os.path.basename(source.rstrip("/")))
    parent = os.path.dirname(target) or "."
    try:
        with tempfile.TemporaryFile(dir=parent) as file:
            status = shell(cluster, node, GIVE, [source], (None, file.fileno(), 2))
            if status:
                return status
            file.seek(0)
            kind = file.readline().strip().decode()
            if kind == "dir":
                unpack(file, target)
            else:
                with open(target, "wb") as out:
                    shutil.copyfileobj(file, out, 1 << 20)
                if os.path.isfile(target):
                    os.chmod(target, int(kind, 8) & 0o777)
    except OSError as error:
        raise place.Failure("%s: %s" % (destination, error.strerror)) from None
    return 0


def unpack(file, target):
    """A directory that came as an archive."""
    os.makedirs(target, exist_ok=True)
    with tarfile.open(fileobj=file, mode="r|") as tar:
        tar.extraction_filter = as_ours
        for member in tar:
            if os.path.isabs(member.name) or ".." in member.name.split("/"):
                print("omlab: left out %s" % member.name, file=sys.stderr)
            elif as_ours(member):
                tar.extract(member, target)
