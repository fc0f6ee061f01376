"""The collection of leaks in examples/leaks: what its programs say is to be found in them, and how well it is.

examples/leaks/KIND/leaky/main.go begins with "// silt: KIND, HOLDER": a finding of that kind must name the
holder. Of "// silt: KIND between two snapshots, HOLDER" the program does another round between two snapshots,
and `silt diff` must find it. In fixed and lookalike nothing of any kind may be found.
"""
import re

from programs import Process

ROLES = ["leaky", "fixed", "lookalike"]
WANTED = re.compile(r"// silt: (?P<kind>[\w-]+)(?P<two> between two snapshots)?, (?P<holder>.+)")


class Case:
    """The three programs of one kind."""

    def __init__(self, directory):
        self.kind = directory.name
        first = (directory / "leaky/main.go").read_text().splitlines()[0]
        wanted = WANTED.fullmatch(first)
        assert wanted and wanted["kind"] == self.kind, "%s: %s" % (directory, first)
        self.two, self.holder = bool(wanted["two"]), wanted["holder"]

    def is_it(self, finding):
        return finding["kind"] == self.kind and self.holder in " ".join([finding["what"], *finding["path"]])


def cases(examples):
    return [Case(path.parent.parent) for path in sorted((examples / "leaks").glob("*/leaky/main.go"))]


def another_round(process):
    process.process.stdin.write("\n")
    process.process.stdin.flush()
    assert process.process.stdout.readline().strip() == "DONE"


def findings_between(silt, process, scratch):
    before, after = scratch / "before", scratch / "after"
    assert not silt.run("snap", process.pid, "-o", before).returncode
    another_round(process)
    assert not silt.run("snap", process.pid, "-o", after).returncode
    return silt.json("diff", before, after, "--limit=0")["findings"]


def findings_of(silt, program, two, scratch):
    with Process(program) as process:
        if two:
            return findings_between(silt, process, scratch)
        return silt.json("report", process.pid, "--limit=0")["findings"]


class Score:
    """By kind, over all programs and versions: found where it is, missed, and reported where nothing is."""

    def __init__(self):
        self.counts = {}

    def add(self, kind, place):
        self.counts.setdefault(kind, {"found": 0, "missed": 0, "false": 0})[place] += 1

    def lines(self):
        yield "%-24s%8s%8s%8s%11s%8s" % ("kind", "found", "missed", "false", "precision", "recall")
        for kind, count in sorted(self.counts.items()):
            reported, there = count["found"] + count["false"], count["found"] + count["missed"]
            yield "%-24s%8d%8d%8d%11s%8s" % (kind, count["found"], count["missed"], count["false"],
                                             share(count["found"], reported), share(count["found"], there))


def share(part, whole):
    return "%.0f %%" % (100 * part / whole) if whole else "-"
