# SPDX-License-Identifier: GPL-2.0-only
"""The command line that others rely on, and what it makes of the network."""

import contextlib
import io
import unittest
from unittest import mock

from lab import command, network, place


def parse(line):
    """The options of a command line."""
    return command.parser().parse_args(line.split())


class Lines(unittest.TestCase):
    def test_up_as_it_is_documented(self):
        options = parse("up --nodes 3 --cpus 2 --mem 1G --accel tcg --rate 1gbit --debug --name mine "
                        "--share /tmp:/there --share /:/root --quota 2=40")
        self.assertEqual((options.nodes, options.cpus, options.mem, options.accel, options.rate, options.debug),
                         (3, 2, 1024, "tcg", "1gbit", True))
        self.assertEqual(options.shares, [{"host": "/tmp", "guest": "/there"}, {"host": "/", "guest": "/root"}])
        self.assertEqual((options.name, options.quotas), ("mine", [(2, 40)]))

    def test_up_without_options(self):
        options = parse("up")
        self.assertEqual((options.nodes, options.cpus, options.mem, options.accel, options.rate, options.debug),
                         (2, 1, 2048, "auto", None, False))

    def test_the_other_commands(self):
        for verb in ("cut", "heal", "kill", "start", "shell", "logs"):
            self.assertEqual(parse("%s node2 --name mine" % verb).node, 2)
        for verb in ("push", "pull"):
            options = parse("%s 1 here there" % verb)
            self.assertEqual((options.node, options.src, options.dst), (1, "here", "there"))
        self.assertEqual(parse("exec 1 --user user").user, "user")
        self.assertTrue(parse("status --json").json)
        self.assertEqual(parse("down").command, "down")

    def test_mistakes(self):
        for line in ("", "up --nodes 0", "up --nodes 65", "up --mem 64M", "up --accel xen", "up --rate fast", "up --rate 0bit",
                     "up --share /tmp", "up --share /no/such:/there", "up --share /tmp:there", "up --quota 2=4", "up --node 3",
                     "cut", "cut 0", "cut nodes", "quota 1", "quota 1 101", "push 1 here", "dance"):
            with self.subTest(line), contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit) as end:
                parse(line)
            self.assertEqual(end.exception.code, 2)


class Network(unittest.TestCase):
    def test_rates(self):
        for rate, bits in (("1gbit", 10 ** 9), ("100mbit", 10 ** 8), ("64kbit", 64000), ("9600bit", 9600)):
            self.assertEqual(network.bits(rate), bits)
        for rate in ("", "1", "gbit", "1.5gbit", "-1mbit", "1gb"):
            self.assertRaises(place.Failure, network.bits, rate)

    def built(self, rate):
        """The commands that make a network of two nodes, by program."""
        commands = {}
        with mock.patch.object(network, "run", lambda tool, *lines: commands.setdefault(tool, []).extend(lines)), \
                mock.patch("builtins.open", mock.mock_open()):
            network.build(2, rate)
        return commands

    def test_a_slow_network_is_slow_towards_each_node(self):
        for number, line in enumerate(self.built("100mbit")["tc"], 1):
            self.assertTrue(line.startswith("qdisc add dev tap%d root tbf rate 100000000bit " % number), line)
        self.assertEqual(len(self.built("100mbit")["tc"]), 2)

    def test_another_one_is_not(self):
        commands = self.built(None)
        self.assertNotIn("tc", commands)
        self.assertEqual(sum("master om0" in line for line in commands["ip"]), 2)


if __name__ == "__main__":
    unittest.main()
