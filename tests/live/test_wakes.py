"""Goroutines that can never wake, and goroutines that will: what silt says against what they then do."""
import collections
import json

import pytest

from programs import Process

HEALTHY_CASES = 30  # at least
MB = 1 << 20
SMALL = 64 << 10  # closures, channels
EXPLAINED = ["receive", "select", "channel-in-map", "mutex-in-variable", "sleeper"]
UNKNOWN_GOID = 1 << 40


def goids(facts):
    """{goid: name of its case}"""
    return {int(goid): name for name, values in facts.items() for goid in values["goids"].split(",")}


class Wakes:
    """The program, what silt said of its goroutines while all of them waited, and which cases then ended."""

    def __init__(self, silt, path):
        with Process(path) as process:
            self.leaks, self.healthy = goids(process.facts("leak")), goids(process.facts("healthy"))
            self.cases = process.facts("healthy").keys()
            self.goroutines = {row["goid"]: row for row in
                               silt.json("goroutines", process.pid, "--limit=0")["goroutines"]}
            report = silt.run("report", process.pid, "--json", "--limit=0")
            self.status, self.findings = report.returncode, json.loads(report.stdout)["findings"]
            self.why = {name: silt.json("why", process.pid, "goid:%d" % self.first(name)) for name in EXPLAINED}
            self.unknown = silt.run("why", process.pid, "goid:%d" % UNKNOWN_GOID)
            self.ended = self.finish(process)

    def first(self, case):
        """A goroutine of a case, the one that was started first."""
        return min(goid for goid, name in {**self.leaks, **self.healthy}.items() if name == case)

    @staticmethod
    def finish(process):
        out, _ = process.process.communicate("\n", timeout=60)
        return {line.split()[1] for line in out.splitlines() if line.startswith("finished ")}

    def verdicts(self, verdict):
        return {goid for goid, row in self.goroutines.items() if row["verdict"] == verdict}


def by_case(numbers, cases):
    return collections.Counter(cases.get(goid, "none") for goid in numbers)


@pytest.fixture(scope="module")
def wakes(go, programs, silt):
    return Wakes(silt, programs.build(go, "wakes"))


@pytest.fixture(scope="module")
def stripped(go, programs, silt):
    return Wakes(silt, programs.build(go, "wakes", "stripped"))


def test_leaks_are_proved(wakes):
    assert not by_case(wakes.leaks.keys() - wakes.verdicts("never-wakes"), wakes.leaks)


def test_nothing_else_is_proved(wakes):
    assert not by_case(wakes.verdicts("never-wakes") - wakes.leaks.keys(), wakes.healthy)


def test_healthy_ones_end(wakes):
    """What silt must not report is healthy indeed."""
    assert len(wakes.cases) >= HEALTHY_CASES
    assert wakes.ended == set(wakes.cases)


@pytest.mark.oldest_and_newest
def test_stripped_gets_the_same_verdicts(wakes, stripped):
    assert stripped.ended == wakes.ended
    assert not by_case(stripped.leaks.keys() ^ stripped.verdicts("never-wakes"), stripped.leaks)


def test_every_verdict_has_a_reason(wakes):
    assert all(row["verdict"] and row["reason"] for row in wakes.goroutines.values())


def of_function(findings, function):
    return [row for row in findings if any(function + " at " in step for step in row["path"])]


def test_findings_are_the_leaks(wakes):
    assert wakes.status == 1
    assert {(row["kind"], row["tier"]) for row in wakes.findings} == {
        ("goroutine-never-wakes", "proved"), ("deadlock", "proved")}
    assert sum(row["count"] for row in wakes.findings) == len(wakes.leaks)
    assert all(row["what"] and row["fix"] and row["created_by"] and row["reason"] for row in wakes.findings)


@pytest.mark.parametrize("case", ["each-other", "deferred-closure", "collector-of-errors"])
def test_circles_are_deadlocks(wakes, case):
    """A goroutine is in one finding only: in that of its circle."""
    wanted = {goid for goid, name in wakes.leaks.items() if name == case}
    [found] = [row for row in wakes.findings if row["kind"] == "deadlock" and
               {int(goid) for goid in row["goids"].split(",")} <= wanted]
    assert found["count"] + found["behind"] == len(wanted)


def test_price_of_their_own(wakes):
    [found] = of_function(wakes.findings, "main.holdOwn")
    assert found["count"] == 3
    assert 3 * MB <= found["frees_bytes"] == found["holds_bytes"] <= 3 * MB + SMALL


def test_price_of_what_is_shared(wakes):
    """What two groups hold is freed by neither alone."""
    for function in ("main.holdShared", "main.holdSharedToo"):
        [found] = of_function(wakes.findings, function)
        assert 2 * MB <= found["holds_bytes"] <= 2 * MB + SMALL
        assert found["frees_bytes"] <= SMALL


def test_why_it_never_wakes(wakes):
    why = wakes.why["receive"]
    assert why["goroutine"]["verdict"] == "never-wakes" and "path" not in why
    assert len(why["waits_for"]) == 1 and len(wakes.why["select"]["waits_for"]) == 2


def test_who_wakes_it(wakes):
    """Through the map in which the program keeps the channel."""
    why = wakes.why["channel-in-map"]
    assert why["goroutine"]["verdict"] == "alive"
    assert why["path"][0]["reference"] == "main.byName"
    assert why["path"][-1]["address"] == why["waits_for"][0]["address"]


def test_lock_in_a_variable_is_named(wakes):
    assert wakes.why["mutex-in-variable"]["waits_for"][0]["what"] == "main.globalMu"


def test_who_waits_for_nobody(wakes):
    why = wakes.why["sleeper"]
    assert why["goroutine"]["verdict"] == "alive" and not why["waits_for"]


def test_unknown_goroutine(wakes):
    assert wakes.unknown.returncode == 2
    assert len(wakes.unknown.stderr.splitlines()) == 1
