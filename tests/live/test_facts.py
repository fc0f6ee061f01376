"""What the program knows of itself, or its runtime's statistics and stack dump say, against what silt finds."""
import json
import re

import pytest

from programs import Process


# Without symbols a map[float64]*T looks like a map[int]*T: which of them it is, is a guess.
GUESSED = {"main.mapFloat"}


class Seen:
    """What a program says of itself, and everything that silt says of it."""

    def __init__(self, silt, facts, target, *arguments):
        self.silt, self.facts, self.arguments = silt, facts, arguments
        self.snapshot = target
        self.maps = silt.json("maps", target, "--limit=0", *arguments)["maps"]
        self.types = silt.json("types", target, "--limit=0", *arguments)["types"]
        self.goroutines = silt.json("goroutines", target, "--limit=0", *arguments)
        self.holders = silt.json("report", target, "--limit=0", *arguments)["holders"]

    def why(self, what):
        done = self.silt.run("why", self.snapshot, what, "--json", *self.arguments)
        return json.loads(done.stdout)["object"] if done.returncode == 0 else None


@pytest.fixture(scope="module", params=["plain", "stripped"])
def seen(request, go, programs, silt, tmp_path_factory):
    with Process(programs.build(go, "shapes", request.param)) as process:
        seen = Seen(silt, process.facts, process.pid)
        seen.stripped = request.param == "stripped"
        # Each question would be another capture: asked once of a snapshot.
        seen.snapshot = tmp_path_factory.mktemp("facts") / "snapshot"
        done = silt.run("snap", process.pid, "-o", seen.snapshot)
        assert done.returncode == 0, done.stderr
        yield seen
        assert process.alive()


def wrongly_typed(seen, name, fact, found):
    """Without symbols a type is inferred: it may be unknown, but not another."""
    excused = found["type"] == "unknown" or name in GUESSED
    return found["type"] != fact["type"] and not (seen.stripped and excused)


def test_maps(seen):
    there = {row["addr"]: row for row in seen.maps}
    wrong = []
    for name, fact in seen.facts("map").items():
        row = there.get(fact["addr"])
        if not row:
            wrong += [] if seen.stripped else [(name, fact)]
        elif wrongly_typed(seen, name, fact, row) or row["entries"] != int(fact["entries"]) or \
                row["slots"] < row["entries"] or not (seen.stripped or name in row["holder"]):
            wrong.append((name, fact, row))
    assert not wrong, "\n".join(map(str, wrong))
    assert len(seen.facts("map")) > 15


def test_sync_maps(seen):
    if seen.stripped:
        pytest.skip("without DWARF it is not known that a variable is a sync.Map")
    there = {row["holder"]: row for row in seen.maps if row["type"] == "sync.Map"}
    for name, fact in seen.facts("syncmap").items():
        assert there[name]["entries"] == int(fact["entries"]), name


@pytest.mark.parametrize("kind", ["map", "chan", "object"])
def test_types_of_objects(seen, kind):
    wrong = []
    for name, fact in seen.facts(kind).items():
        found = seen.why(fact["addr"])
        if not found or not found["alive"] or wrongly_typed(seen, name, fact, found):
            wrong.append((name, fact, found))
    assert not wrong, "\n".join(map(str, wrong))


def test_retained(seen):
    """HeapAlloc and Mallocs of runtime.MemStats, before and after."""
    alone = {row["what"]: row for row in seen.holders if not row["with"]}
    figures = {(row["retained_bytes"], row["objects"]) for row in alone.values()}
    for name, fact in seen.facts("retained").items():
        expected = int(fact["bytes"]), int(fact["objects"])
        assert expected in figures, name
        assert seen.stripped or (alone[name]["retained_bytes"], alone[name]["objects"]) == expected


def test_type_counts(seen):
    there = {row["type"]: row["objects"] for row in seen.types}
    for name, fact in seen.facts("type").items():
        expected = int(fact["objects"])
        assert there.get(name, 0) <= expected if seen.stripped else there[name] == expected


def test_held(seen):
    wrong = []
    for name, fact in seen.facts("held").items():
        found = seen.why(fact["addr"])
        named = fact["by"].startswith("goroutine") or not seen.stripped
        if not found or not found["alive"] or named and not found["held_by"].startswith(fact["by"]):
            wrong.append((name, fact, found))
    assert not wrong, "\n".join(map(str, wrong))
    assert len(seen.facts("held")) > 10


def test_alive(seen):
    """By the runtime's doing: timers, finalizers and cleanups that wait."""
    dead = [name for name, fact in seen.facts("alive").items() if not (seen.why(fact["addr"]) or {}).get("alive")]
    assert not dead


def test_freed(seen):
    """The collector took it back: also what only a weak pointer or a cleanup refers to."""
    for name, fact in seen.facts("freed").items():
        assert seen.why(fact["addr"]) is None, name


def test_garbage(seen):
    for fact in seen.facts("garbage").values():
        assert seen.why(fact["addr"])["alive"] is False


def without_arguments(function):
    return re.sub(r"\[.*\]", "[...]", function)


def test_goroutines(seen):
    """runtime.Stack tells the same; goroutine 1 has moved on since. It leaves out type arguments."""
    there = {str(row["goid"]): row for row in seen.goroutines["goroutines"]}
    frames = {str(goid): group["frames"] for group in seen.goroutines["groups"] for goid in group["goids"]}
    wrong = []
    for goid, fact in seen.facts("goroutine").items():
        row, functions = there[goid], [without_arguments(frame["function"]) for frame in frames[goid]]
        if goid != "1" and (fact["state"] not in (row["wait_reason"], row["status"]) or
                            fact["top"] not in functions or not without_arguments(row["created_by"]).startswith(fact["creator"])):
            wrong.append((goid, fact, row, functions))
    assert not wrong, "\n".join(map(str, wrong))


def test_goroutine_count(seen):
    """runtime.NumGoroutine leaves out the runtime's own."""
    count = sum(group["count"] for group in seen.goroutines["groups"] if not group["system"])
    assert count == int(seen.facts("goroutines")["all"]["count"])
