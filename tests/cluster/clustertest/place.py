# SPDX-License-Identifier: GPL-2.0-only
"""Where things are on the host."""

import os

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
CACHE = os.environ.get("OPENMOSIX_CACHE") or os.path.join(os.path.expanduser("~"), ".cache", "openmosix")
OMLAB = os.environ.get("OMLAB") or os.path.join(TOP, "lab", "omlab")
RESULTS = os.path.join(TOP, "results")
GUEST = os.path.join(TOP, "tests", "cluster", "guest")
PROBES = os.path.join(TOP, "tests", "probes")
