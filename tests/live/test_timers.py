"""Timers that nobody can stop: as many as the program says that it left behind."""
import pytest

from programs import Process

REMOVED = 27  # Go 1.27 has no asynctimerchan=1 any more, which this program's go.mod asks for


def by_name(findings):
    return {finding["what"].split("  ")[0]: finding for finding in findings if finding["kind"] == "timer-kept"}


def count(found, name):
    return found[name]["count"] if name in found else 0


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("variant", ["plain", "stripped"])
def test_every_sort(silt, go, programs, variant):
    with Process(programs.build(go, "timers", variant)) as process:
        found = by_name(silt.json("report", process.pid, "--limit=0")["findings"])
        made = {name: int(fact["count"]) for name, fact in process.facts("timers").items()}
    collected = go.at_least(REMOVED)
    assert count(found, "time.NewTicker every 40.0 s") == (0 if collected else made["abandoned-tickers"])
    assert count(found, "time.After") == (0 if collected else made["abandoned-timeouts"])
    assert count(found, "main.remember.func1") == made["functions"]
    (deadline,) = [finding for name, finding in found.items() if name.startswith("context.")]
    assert deadline["count"] == made["contexts"] and "cancel" in deadline["fix"]
    assert found["main.remember.func1"]["holds_bytes"] >= made["functions"] * (8 << 10)
    assert len(found) == (2 if collected else 4), found.keys()


@pytest.mark.since("1.23")
def test_timer_channels_of_new_go_mod_are_collected(silt, go, programs):
    """With GODEBUG=asynctimerchan=0, as programs have it whose go.mod says 1.23 or later."""
    with Process(programs.build(go, "timers"), env={"GODEBUG": "asynctimerchan=0"}) as process:
        found = by_name(silt.json("report", process.pid, "--limit=0")["findings"])
    assert not [name for name in found if name.startswith("time.")]
    assert "main.remember.func1" in found
