#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""An ordinary Python program for the demonstration: indexes all Python files below a directory.

For each file its hash, and over all files where each word stands. It knows nothing of openMosix.
"""

import collections
import hashlib
import json
import os
import re
import sys

WORD = re.compile(r"[A-Za-z_]{3,}")


def main():
    """Index argv[1]; progress to stderr, a summary as JSON to stdout."""
    paths = sorted(os.path.join(above, name) for above, _, names in os.walk(sys.argv[1])
                   for name in names if name.endswith(".py"))
    hashes, index = {}, collections.defaultdict(list)
    for number, path in enumerate(paths, 1):
        with open(path, "rb") as file:
            data = file.read()
        hashes[path] = hashlib.sha256(data).hexdigest()
        for line, text in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            for word in WORD.findall(text):
                index[word].append((number, line))
        print("%d/%d" % (number, len(paths)), file=sys.stderr, flush=True)
    common = sorted(index, key=lambda word: (-len(index[word]), word))[:20]
    everything = hashlib.sha256(json.dumps([hashes, index], sort_keys=True).encode()).hexdigest()
    json.dump({"files": len(paths), "words": len(index), "hash": everything,
               "common": {word: len(index[word]) for word in common}}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
