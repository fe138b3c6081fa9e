# SPDX-License-Identifier: GPL-2.0-only
"""Unchanged Debian programs: moved about while they work, their results compared with unmoved runs."""

import functools

from .failed import Failed, expect
from .kit import THERE
from .scenario import add, same, unmoved

DATA = THERE + "/data"
TEXT, LONG = DATA + "/text", DATA + "/long"    # 1.5 MB, 12 MB

# Text of real words, the same everywhere and always.
MAKE_TEXT = """
import os, sys
os.makedirs(%(data)r, exist_ok=True)
words = sorted({word for word in open(os.__file__).read().split() if word.isalpha()})
x, size, out = 1, 0, []
while size < int(sys.argv[1]):
    x = (x * 6364136223846793005 + 1442695040888963407) %% 2**64
    out.append(words[(x >> 33) %% len(words)] + ("\\n" if (x >> 20) %% 9 == 0 else " "))
    size += len(out[-1])
open(%(text)r, "w").write("".join(out))
open(%(long)r + ".new", "w").write("".join(out) * 8)
os.rename(%(long)r + ".new", %(long)r)
""" % {"data": DATA, "text": TEXT, "long": LONG}

PYTHON = {
    "hash": """
import hashlib, sys
data = open(sys.argv[1], "rb").read()
for name in ("md5", "sha1", "sha256", "sha512", "blake2b", "sha3_256"):
    value = b""
    for turn in range(30):
        value = hashlib.new(name, value + data).digest()
    print(name, value.hex())
""",
    "json": """
import json, sys
lines = open(sys.argv[1]).read().split("\\n")[:4000]
tree = {"lines": [{"number": i, "words": line.split(), "share": i / 7} for i, line in enumerate(lines)]}
for turn in range(15):
    tree = json.loads(json.dumps(tree, sort_keys=True, indent=turn % 5))
print(json.dumps(tree, sort_keys=True)[-2000:])
""",
    "sort": """
import collections, sys
words = open(sys.argv[1]).read().split()
for turn in range(4):
    words.sort(key=lambda word: word[::-1] + str(turn))
    print(turn, words[::len(words) // 20])
print(collections.Counter(words).most_common(20))
""",
    "sqlite": """
import os, sqlite3, sys, tempfile
with tempfile.TemporaryDirectory() as place:
    base = sqlite3.connect(os.path.join(place, "base"))
    base.execute("create table word (line integer, word text)")
    for number, line in enumerate(open(sys.argv[1]).readlines()[:8000]):
        base.executemany("insert into word values (?, ?)", [(number, word) for word in line.split()])
        if number % 1500 == 0:
            base.commit()
    base.execute("create index by_word on word (word)")
    base.commit()
    for row in base.execute("select word, count(*) as n, sum(line) from word group by word order by n desc, word limit 25"):
        print(row)
    print(base.execute("pragma integrity_check").fetchone())
""",
}

PERL = r"""
open my $file, "<", $ARGV[0] or die; my (%count, $sum);
while (<$file>) { $count{lc $_}++ for split; $sum += length }
for my $turn (1 .. 4) { my %turned = map { scalar reverse($_) => $count{$_} } keys %count; %count = %turned }
printf "%s %d\n", $_, $count{$_} for (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 30];
print "$sum\n";
"""

SQLITE = """
create table number (n integer primary key, square integer, text text);
with recursive count(n) as (select 1 union all select n + 1 from count where n < 150000)
insert into number select n, n * n, printf('%08d', n * 7919 % 150000) from count;
create index by_text on number (text);
select sum(square), max(text) from number where text like '%7';
select a.n, b.square from number a join number b on a.text = b.text order by a.text desc limit 10;
"""

# A shell waits here until it has made so many moves. It begins no process meanwhile, for which it would have to be at home.
MOVED = r"""
set -eu
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT; cd "$place"
mkfifo never; exec 3<>never
moved() { local moves; until read -r moves </proc/$$/nmigs && [ "$moves" -ge "$1" ]; do read -r -t 0.05 -u 3 || :; done; }
"""

BASH = MOVED + r"""
for i in 1 2 3 4 5; do
	head -n $((i * 300)) "$1" | tr a-z A-Z | sort | uniq -c | sort -rn | head -n 5
	(cd / && ls -d /usr/*/ | wc -l) >count; cat count
	printf '%s\n' "$(wc -w <"$1")" "$((i ** 7 % 1001))"
	sleep 0.1 & wait $!
	moved $((i * $2))
done
f() { [ "$1" -le 1 ] && echo 1 || echo $(( $1 * $(f $(( $1 - 1 ))) )); }
f 12
"""

PROJECT = MOVED + r"""
for i in 1 2 3 4; do
	printf 'int part%s(int x)\n{\n\tint s = 0;\n\tfor (int i = 0; i < x; i++)\n\t\ts += i * %s;\n\treturn s;\n}\n' $i $i >part$i.c
done
printf '#include <stdio.h>\nint part1(int), part2(int), part3(int), part4(int);\n' >main.c
printf 'int main(void)\n{\n\tprintf("%%d\\n", part1(9) + part2(8) + part3(7) + part4(6));\n\treturn 0;\n}\n' >>main.c
printf 'CFLAGS = -O2 -Wall\nprogram: main.o part1.o part2.o part3.o part4.o\n\t$(CC) -o $@ $^\n' >Makefile
moved $1
make CC=gcc
moved $((4 * $1))
./program
"""

# Name: command line. They have to work long enough to be moved about.
SINGLE = {
    "xz": ["xz", "-T1", "-9", "-c", TEXT],
    "gzip": ["gzip", "-9", "-n", "-c", LONG],
    "sort": ["sort", "--parallel=1", "-S", "8M", "-k2,2", LONG],
    "openssl": ["openssl", "dgst", "-sha3-512", *[LONG] * 8],
    "perl": ["perl", "-e", PERL, LONG],
    "sqlite3": ["sqlite3", ":memory:", SQLITE],
}
SINGLE.update({"python-" + name: ["python3", "-c", text, TEXT] for name, text in PYTHON.items()})

# Their last argument: whether they are to wait for moves.
FAMILIES = {
    "bash": ["bash", "-c", BASH, "bash", TEXT],
    "make": ["bash", "-c", PROJECT, "bash"],
}

ABOUT = {"third": "goes to node 2 and on to node 3", "tour": "goes from node to node, thirty times at most"}
HOPS = {"third": ["2", "3"], "tour": ["2", "3", "home"] * 10}
LEAST = {"third": 2, "tour": 4}


def prepare(home):
    """The data, once for each boot of the node."""
    if "long" not in (home.list(DATA) or ()):
        home.must(["python3", "-c", MAKE_TEXT, "1500000"], seconds=300)


def run(home, argv, hops):
    """Run a program, moved along the hops; result and moves."""
    with home.start(argv) as process:
        moves = process.do("tour", 600, hops=hops, dwell=0.15, seconds=600)
        return process.finish(600), moves


def single(name, route, cluster):
    """A program of one process."""
    home, argv = cluster[1], SINGLE[name]
    prepare(home)
    reference = unmoved(cluster, name, lambda: run(home, argv, [])[0])
    expect("the unmoved program's exit status", 0, reference["status"], home.number, name)
    result, moves = run(home, argv, HOPS[route])
    same(home, " ".join(argv[:4]), reference, result)
    if len(moves) < LEAST[route]:
        raise Failed("it ended after %d moves: too short to show anything" % len(moves), home.number, name)


def family(name, cluster):
    """A program with children: all of them are moved about."""
    home, argv = cluster[1], FAMILIES[name]
    prepare(home)
    reference = unmoved(cluster, name, lambda: run(home, [*argv, "0"], [])[0])
    expect("the unmoved program's exit status", 0, reference["status"], home.number, name)
    with home.start([*argv, "1"]) as process:
        moved = home.ask("swarm", name, 600,
                         {"job": process.job, "nodes": ["2", "3", "0"], "seconds": 600, "pause": 0.4})
        result = process.finish()
    same(home, name, reference, result)
    if moved["moves"] < 4:
        raise Failed("only %(moves)d moves of %(processes)d processes" % moved, home.number, name)


def register():
    """All programs."""
    for name in SINGLE:
        for route in HOPS:
            add("program/%s/%s" % (name, route), "%s %s" % (name, ABOUT[route]),
                functools.partial(single, name, route), 3)
    for name in FAMILIES:
        add("program/%s" % name, "%s and all its children go from node to node" % name,
            functools.partial(family, name), 3)
