"""Finalizers that never run: what silt says against which of them the program has seen run."""
import pytest

from programs import Process

EACH = 40  # objects of a sort in the program
DATA = 16 << 10
# By its function: a sort, as the program calls it.
SORTS = {"main.rings.func1": "ring", "main.captures.func1": "capture", "main.cleanups.func1": "cleanup-cycle"}


def of_kind(silt, process):
    findings = silt.json("report", process.pid, "--limit=0")["findings"]
    return [finding for finding in findings if finding["kind"] == "finalizer"]


def ran(process):
    return {name: int(fact["count"]) for name, fact in process.facts("ran").items()}


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("variant", ["plain", "stripped"])
def test_cycles(silt, go, programs, variant):
    with Process(programs.build(go, "finalizers", variant)) as process:
        found, counts = of_kind(silt, process), ran(process)
    sorts = {SORTS[finding["function"]] for finding in found}
    assert sorts == {"ring", "capture"} | ({"cleanup-cycle"} if go.at_least(24) else set())
    for finding in found:
        assert counts[SORTS[finding["function"]]] == 0
        assert finding["count"] == EACH and finding["tier"] == "proved"
        assert EACH * DATA <= finding["frees_bytes"] < EACH * (DATA + 1024)
    assert counts["chain"] == 3 * EACH and counts.get("cleanup", EACH) == EACH


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("how, tier", [("forever", "proved"), ("lock", "hint")])
def test_blocked(silt, go, programs, how, tier):
    with Process(programs.build(go, "finalizers"), how) as process:
        blocked = [finding for finding in of_kind(silt, process) if finding["reason"] == "blocked"]
        queued = int(process.facts("queue")[how]["finalizers"])
    assert [finding["tier"] for finding in blocked] == [tier]
    assert blocked[0]["queued_finalizers"] == queued
    assert blocked[0]["holds_bytes"] >= (queued - 1) * DATA
    assert any("main.block" in frame for frame in blocked[0]["path"])
