# SPDX-License-Identifier: GPL-2.0-only
"""How a scenario ends when it does not pass."""


class Failed(Exception):
    """Something was expected and did not happen. Where (node), what was done, and the text that says the rest."""

    def __init__(self, text, node=None, command=None):
        super().__init__(text)
        self.text, self.node, self.command = text, node, command
        self.logs = {}  # consoles by node, where they had to be taken early

    def lines(self):
        """For the report."""
        found = []
        if self.node is not None:
            found.append("node: %s" % self.node)
        if self.command:
            found.append("command: %s" % self.command)
        return found + self.text.rstrip("\n").split("\n")


class Skip(Exception):
    """The scenario makes no sense here; the text says why."""


def expect(what, expected, got, node=None, command=None):
    """Fail unless EXPECTED equals GOT."""
    if expected != got:
        raise Failed("%s\nexpected: %r\ngot:      %r" % (what, expected, got), node, command)
