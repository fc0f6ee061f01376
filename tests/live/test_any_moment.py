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
set language c
set $number = 0
while *(char *)&'runtime.mheap_'.allspans.array[$number]->state != 1
  set $number = $number + 1
end
set $start = 'runtime.mheap_'.allspans.array[$number]->startAddr
set $arena = (*'runtime.mheap_'.arenas[0])[($start + 0x800000000000) >> 26]
set var $arena->spans[($start >> 13) & 8191] = 0
print $number
generate-core-file %s
"""


def test_span_that_is_not_entered_yet(go, programs, tmp_path, silt):
    """A thread may stop there, so it is so in the memory that was captured, however often it is looked at."""
    if not shutil.which("gdb"):
        pytest.skip("gdb is not installed")
    commands, core = tmp_path / "commands", tmp_path / "core"
    commands.write_text(UNDO_SET_SPANS % core)
    with Process(programs.build(go, "tiny")) as process:
        done = subprocess.run(["gdb", "-nx", "-batch", "-x", commands, "-p", str(process.pid)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    number = [line for line in done.stdout.splitlines() if line.startswith("$1 = ")]
    assert number and core.exists(), done.stdout
    assert silt.json("types", core)["types"]
