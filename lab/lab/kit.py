# SPDX-License-Identifier: GPL-2.0-only
"""The kit: the guests' second disk, mounted at /usr/local.

It carries what changes from day to day (init, agent, our tools, the
cluster's map and key), so that the big disk never needs to.
"""

import glob
import os
import secrets
import shutil
import subprocess

from lab import network, place


def write(directory, path, text, mode=0o644):
    """A file of the kit."""
    with open(os.path.join(directory, path), "w") as file:
        file.write(text)
    os.chmod(os.path.join(directory, path), mode)


def make(cluster, config):
    """Make the kit in the directory CLUSTER; return the image's path."""
    root = os.path.join(cluster, "kit")
    shutil.rmtree(root, ignore_errors=True)
    home = os.path.join(root, "lib", "omlab")
    for path in (home, os.path.join(root, "bin"), os.path.join(root, "sbin")):
        os.makedirs(path)
    for source in glob.glob(os.path.join(place.LAB, "guest", "*.py")):
        shutil.copy(source, home)
    shutil.copy(os.path.join(place.LAB, "guest", "init"), home)
    shutil.copy(os.path.join(place.LAB, "lab", "frame.py"), home)
    if os.path.isdir(place.TOOLS):
        for tool in os.scandir(place.TOOLS):
            if tool.is_file() and os.access(tool.path, os.X_OK):
                shutil.copy(tool.path, os.path.join(root, "sbin"), follow_symlinks=False)
    count = config["nodes"]
    write(home, "hosts", "127.0.0.1\tlocalhost\n" + "".join(
        "%s\tnode%d\n" % (network.address(n), n) for n in range(1, count + 1)))
    write(home, "openmosix.map", "# first node, its address, number of nodes\n1 %s %d\n"
          % (network.address(1), count))
    write(home, "key", secrets.token_hex(32) + "\n", 0o600)
    write(home, "shares", "".join(
        "share%d %s\n" % (i, share["guest"]) for i, share in enumerate(config["shares"])))

    image = os.path.join(cluster, "kit.ext4")
    size = sum(os.path.getsize(os.path.join(place, name))
               for place, _, names in os.walk(root) for name in names)
    with open(image, "wb") as file:
        file.truncate(size * 5 // 4 + (64 << 20))  # room for what users push
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-L", "kit", "-m", "0",
                    "-E", "root_owner=0:0,lazy_itable_init=1", "-O", "^has_journal", "-d", root, image],
                   check=True)
    shutil.rmtree(root)
    return image
