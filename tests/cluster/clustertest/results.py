# SPDX-License-Identifier: GPL-2.0-only
"""What became of the scenarios: KTAP on stdout, everything else in results/<scenario>/<time>/."""

import json
import os
import threading
import time

from .failed import Failed
from .place import RESULTS

LAST_LINES = 15


class Results:
    """Counts, prints and keeps. Used by several workers."""

    def __init__(self, planned):
        self.lock = threading.Lock()
        self.count = {"passed": 0, "failed": 0, "skipped": 0}
        self.failures = []
        print("KTAP version 1\n1..%d" % planned, flush=True)

    def line(self, verdict, scenario, seconds, rest=(), note=""):
        """One result, with its diagnostics."""
        with self.lock:
            number = sum(self.count.values()) + 1
            self.count[verdict] += 1
            word = "not ok" if verdict == "failed" else "ok"
            skip = " # SKIP %s" % note if verdict == "skipped" else " # %.1f s" % seconds
            print("\n".join(["%s %d %s%s" % (word, number, scenario.name, skip)] +
                            ["# " + line for line in rest]), flush=True)

    def passed(self, scenario, seconds):
        """As expected."""
        self.line("passed", scenario, seconds)

    def skipped(self, scenario, seconds, why):
        """It makes no sense here."""
        self.line("skipped", scenario, seconds, note=" ".join(why.split()))

    def failed(self, scenario, seconds, error, cluster):
        """Say all that helps to find the fault without another run, and keep the rest."""
        lines = ["scenario: %s (%s)" % (scenario.name, scenario.about)]
        lines += error.lines() if isinstance(error, Failed) else str(error).rstrip("\n").split("\n")
        logs = {number: getattr(error, "logs", {}).get(number) or cluster.log(number) for number in cluster.nodes}
        for number, text in sorted(logs.items()):
            lines += ["node %d: %s" % (number, line) for line in cluster.news(number, text, LAST_LINES)]
        place = self.keep(scenario, lines, logs, cluster)
        lines.append("logs: %s" % os.path.relpath(place))
        self.failures.append(scenario.name)
        self.line("failed", scenario, seconds, lines)

    @staticmethod
    def keep(scenario, lines, logs, cluster):
        """The full logs; `latest` names the newest."""
        above = os.path.join(RESULTS, scenario.name)
        place = os.path.join(above, time.strftime("%Y%m%d-%H%M%S"))
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, "report"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        for number, text in logs.items():
            with open(os.path.join(place, "node%d.log" % number), "w", encoding="utf-8") as file:
                file.write(text)
        try:
            state = cluster.status()
        except Failed as error:
            state = {"error": str(error)}
        with open(os.path.join(place, "status.json"), "w", encoding="utf-8") as file:
            json.dump(state, file, indent=1)
        fresh = os.path.join(above, "latest.new")
        os.symlink(os.path.basename(place), fresh)
        os.replace(fresh, os.path.join(above, "latest"))
        return place

    def end(self):
        """The last line; the exit status."""
        for name in self.failures:
            print("# failed: %s" % name)
        print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % self.count, flush=True)
        return 1 if self.count["failed"] else 0
