"""Goroutines that most likely never wake, and those that look like them and are healthy."""
import collections
import re

import pytest

from programs import Process

LOOKS = 3  # a thread may just have a trace of what somebody waits for
MOST = 10  # of twelve: of one or two of them a thread may just have had a trace in its registers
WANTED = {"orphan": 4, "goroutine-likely": 2, "deadlock": 4, "convoy": 2}  # findings
HEALTHY_CASES = 15  # at least


def goids(values):
    return {int(goid) for goid in values["goids"].split(",") if goid}


class Waits:
    """The program, and what silt said of it."""

    def __init__(self, silt, path):
        with Process(path) as process:
            self.likely, self.fine = process.facts("likely"), process.facts("fine")
            self.verdicts = {row["goid"]: row for row in
                             silt.json("goroutines", process.pid, "--limit=0")["goroutines"]}
            for _ in range(LOOKS):
                self.findings = silt.json("report", process.pid, "--limit=0")["findings"]
                if self.kinds() == WANTED:
                    break
            self.why = {name: silt.json("why", process.pid, "goid:%d" % min(goids(self.likely[name])))
                        for name in ("accounts", "entry-deleted", "pending-in-map", "network")}

    def kinds(self):
        return collections.Counter(finding["kind"] for finding in self.findings)

    def of_kind(self, kind):
        return [finding for finding in self.findings if finding["kind"] == kind]

    def verdicts_of(self, values):
        return collections.Counter(self.verdicts[goid]["verdict"] for goid in goids(values))


@pytest.fixture(scope="module")
def waits(go, programs, silt):
    return Waits(silt, programs.build(go, "waits"))


@pytest.fixture(scope="module")
def stripped(go, programs, silt):
    return Waits(silt, programs.build(go, "waits", "stripped"))


def check_kinds(waits):
    assert waits.kinds() == WANTED
    assert {finding["tier"] for finding in waits.findings} == {"likely"}


def test_each_kind_is_found(waits):
    check_kinds(waits)


@pytest.mark.oldest_and_newest
def test_stripped_gets_the_same_findings(stripped):
    check_kinds(stripped)


def test_those_that_wait_in_vain_are_likely(waits):
    for name, values in waits.likely.items():
        if values["kind"] != "convoy":
            verdicts = waits.verdicts_of(values)
            assert verdicts["likely"] >= min(MOST, len(goids(values))), (name, verdicts)


def test_healthy_ones_are_alive(waits):
    """Who ends by itself, can be stopped, works, or is answered in time."""
    assert len(waits.fine) >= HEALTHY_CASES
    for name, values in waits.fine.items():
        assert set(waits.verdicts_of(values)) == {"alive"}, name


def by_place(findings, place):
    [found] = [finding for finding in findings if place in finding["what"]]
    return found


def test_orphans_say_from_which_map_they_are_gone(waits):
    orphans = waits.of_kind("orphan")
    assert by_place(orphans, "main.(*watcher).run")["gone_from"] == "main.watchers"
    assert by_place(orphans, "main.(*session).refresh")["gone_from"] == "main.sessions"
    assert by_place(orphans, "main.serve")["gone_from"] == "main.stopOf"
    assert "gone_from" not in by_place(orphans, "main.poll")


def test_the_one_reference_is_named(waits):
    likely = waits.of_kind("goroutine-likely")
    assert by_place(likely, "main.(*request).wait")["kept_by"] == "main.pending"
    assert by_place(likely, "main.waitForEnd")["kept_by"] == "main.server.children"
    assert all(finding["arrivals"] >= 3 for finding in likely)


@pytest.mark.parametrize("name", ["accounts", "variables", "once", "twice"])
def test_deadlocks_name_their_goroutines(waits, name):
    wanted = goids(waits.likely[name])
    [found] = [finding for finding in waits.of_kind("deadlock") if goids(finding) == wanted]
    assert found["count"] == len(wanted) and found["locks"]


def test_convoys_say_who_has_the_lock_and_what_he_does(waits):
    states = {}
    for finding in waits.of_kind("convoy"):
        [name] = [name for name, values in waits.likely.items() if finding["holder_goid"] in goids(values)]
        assert finding["count"] == len(goids(waits.likely[name])) - 1
        states[name] = finding["holder_waits_in"]
    assert states == {"network": "IO wait", "sleeper": "sleep"}


def test_why_says_it_of_one(waits):
    assert waits.why["entry-deleted"]["goroutine"]["verdict"] == "likely"
    holders = waits.why["accounts"]["held_by"]
    assert {row["goid"] for row in holders} | {min(goids(waits.likely["accounts"]))} == goids(waits.likely["accounts"])


def waits_in(document):
    """Every figure of how long something has waited."""
    if isinstance(document, list):
        return [wait for item in document for wait in waits_in(item)]
    if not isinstance(document, dict):
        return []
    return [value for key, value in document.items() if key.endswith("wait_ns") and value is not None] + \
        [wait for value in document.values() for wait in waits_in(value)]


def test_no_wait_is_longer_than_the_process_has_run(newest, programs, silt, tmp_path):
    """The two are told by different clocks. Here the snapshot is made to say that it has run for half as long."""
    snapshot = tmp_path / "snapshot"
    with Process(programs.build(newest, "waits")) as process:
        assert silt.run("snap", process.pid, "--force", "-o", snapshot).returncode == 0
    whole = snapshot.read_bytes()
    [(uptime, digits)] = [(int(found), found) for found in re.findall(rb"\nuptime_ns=(\d+)\n", whole)]
    half = b"%0*d" % (len(digits), uptime // 2)
    before = {command: waits_in(silt.json(command, snapshot, "--limit=0")) for command in ("goroutines", "report")}
    snapshot.write_bytes(whole.replace(b"\nuptime_ns=%s\n" % digits, b"\nuptime_ns=%s\n" % half))
    for command, waits in before.items():
        assert waits and uptime // 2 < max(waits) <= uptime
        assert waits_in(silt.json(command, snapshot, "--limit=0")) == [min(wait, uptime // 2) for wait in waits]
