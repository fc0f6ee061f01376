"""At any moment: in the middle of a wake-up, of a copy of a stack, of a collection, of the birth of a span."""
import shutil
import subprocess

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


# Of the first span in use, what mheap.setSpans writes after its state was set.
UNDO_SET_SPANS = """
set $number = 0
while *(char *)&'runtime.mheap_'.allspans.array[$number]->state != 1
  set $number = $number + 1
end
set $start = 'runtime.mheap_'.allspans.array[$number]->startAddr
set $arena = (*'runtime.mheap_'.arenas[0])[($start + 0x800000000000) >> 26]
set var $arena->spans[($start >> 13) & 8191] = 0
"""

# In allgadd, before the new element is written, which it is after the length.
BEGIN_ALLGADD = """
print 'runtime.allgs'.len < 'runtime.allgs'.cap
set var 'runtime.allgs'.array['runtime.allgs'.len] = 0
set var 'runtime.allgs'.len = 'runtime.allgs'.len + 1
"""


@pytest.mark.parametrize("change", [UNDO_SET_SPANS, BEGIN_ALLGADD], ids=["span", "goroutine"])
def test_in_the_middle_of_a_change(go, programs, tmp_path, silt, change):
    """A thread may be stopped there, and then it is so however often it is looked at. The program sleeps, and does not
    notice."""
    if not shutil.which("gdb"):
        pytest.skip("gdb is not installed")
    commands = tmp_path / "commands"
    commands.write_text("set language c\n%sprint 1234\n" % change)
    with Process(programs.build(go, "statics")) as process:
        done = subprocess.run(["gdb", "-nx", "-batch", "-x", commands, "-p", str(process.pid)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert "= 1234" in done.stdout and "= 0" not in done.stdout, done.stdout
        assert silt.json("goroutines", process.pid)["goroutines"]
