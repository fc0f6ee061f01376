"""How long a program stands still: what silt reports, beside what the program itself saw, and the budget."""
import json
import os
import time

import pytest

from programs import Process
from test_bad_input import refused
from test_capture import newest, skip_without  # noqa: F401 (a fixture)

MS = 1000000
TRIES = 8  # other work on the machine makes a pause longer
THREADS, THREADS_LIMIT_MS = 500, 10
PAGES, BUDGET_MS, OVERRUN = 20000, 2, 2
PATIENCE = 12  # seconds for all ways to end their pauses
SLACK_MS = 3  # between the end of the copying and that of the pause, and for a busy machine


class Pauses(Process):
    def gap(self):
        """In milliseconds, since it was asked last."""
        return int(self.ask("gap").split()[1]) / MS


@pytest.mark.parametrize("way", ["stop", "precopy", "fork"])
def test_many_threads(newest, programs, silt, way):  # noqa: F811
    skip_without(way)
    with Pauses(programs.build(newest, "pauses"), 0, THREADS) as process:
        assert int(process.status("Threads")) >= THREADS
        shortest = THREADS_LIMIT_MS
        for _ in range(TRIES):
            process.gap()
            pause = silt.json("report", process.pid, "--capture=" + way)["capture"]["pause_ns"] / MS
            gap = process.gap()
            print("%d threads: pause %.1f ms, gap %.1f ms" % (THREADS, pause, gap))
            shortest = min(shortest, max(pause, gap))
        if shortest >= THREADS_LIMIT_MS and os.getloadavg()[0] > os.cpu_count():
            pytest.skip("the machine has other work: a pause cannot be measured")
        assert shortest < THREADS_LIMIT_MS


def test_pause_is_ended(newest, programs, silt):  # noqa: F811
    """A program that writes faster than pre-copy copies: it is let go, and told about, or it kept the budget."""
    skip_without("precopy")
    wishes = ["--capture=precopy", "--pause-budget=%dms" % BUDGET_MS]
    with Pauses(programs.build(newest, "pauses"), PAGES, 0) as process:
        for _ in range(TRIES):
            done = silt.run("types", process.pid, "--json", *wishes)
            if done.returncode == 0:
                assert json.loads(done.stdout)["capture"]["pause_ns"] / MS < BUDGET_MS * OVERRUN + SLACK_MS
            else:
                refused(done, "--pause-budget", "--force")
        assert silt.json("types", process.pid, *wishes, "--force")["capture"]["mode"] == "precopy"
        assert process.gap() > 0


@pytest.mark.parametrize("option", ["--no-inject", "--capture=auto"])
def test_thread_that_does_not_stop(newest, programs, silt, option):  # noqa: F811
    """Each way is tried once, and then that is said: the process is not stopped again and again."""
    with Process(programs.build(newest, "vforks", "cgo"), settle=1) as process:
        began = time.monotonic()
        done = silt.run("types", process.pid, option)
        took = time.monotonic() - began
        if done.returncode:
            refused(done, "was let go", "--force")
        assert took < PATIENCE
        assert process.ask("still there?") == "still there?"
