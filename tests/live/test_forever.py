"""A first goroutine that waits so that the program does not end is no finding."""
import time

import pytest

from programs import Process


def main_goroutine(silt, pid):
    for _ in range(100):  # READY comes before the wait
        [main] = [row for row in silt.json("goroutines", pid, "--limit=0")["goroutines"] if row["goid"] == 1]
        if main["status"] == "waiting":
            return main
        time.sleep(0.05)
    raise AssertionError("it does not wait: %s" % main)


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("way", ["nil", "select"])
def test_main_that_waits_for_ever_is_alive(silt, go, programs, way):
    with Process(programs.build(go, "forever"), way) as process:
        main = main_goroutine(silt, process.pid)
        findings = silt.json("report", process.pid, "--limit=0")["findings"]
    assert main["verdict"] == "alive" and "so that the program does not end" in main["reason"]
    assert not [finding for finding in findings if finding["kind"] == "goroutine-never-wakes"]
