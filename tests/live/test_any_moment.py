"""A verdict at any moment: in the middle of a wake-up, of a copy of a stack, of a collection."""
import pytest

from programs import Process

MOMENTS, MOMENTS_LONG = 20, 1000


def wrongly_proved(silt, pid):
    rows = silt.json("goroutines", pid, "--limit=0")["goroutines"]
    assert len(rows) > 50
    return {(row["wait_reason"], row["top"]) for row in rows if row["verdict"] == "never-wakes"}


@pytest.mark.oldest_and_newest
def test_nothing_is_proved_of_what_goes_on(go, programs, silt, long):
    with Process(programs.build(go, "restless")) as process:
        for _ in range(MOMENTS_LONG if long else MOMENTS):
            assert not wrongly_proved(silt, process.pid)
        assert process.alive()
