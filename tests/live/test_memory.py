"""Where resident memory goes: what silt says, against the kernel's figures and the runtime's own."""
import pytest

from programs import Process

CLOSE = 0.02
NOISE = 256 << 10  # what the runtime does between its figures and the capture
HUGE_PAGES = 4 << 20  # two: the kernel makes whole ones resident, also where the runtime has given pages back


def kernel_rss(process):
    return int(process.status("VmRSS")) << 10


@pytest.fixture(scope="module")
def process(go, programs):
    with Process(programs.build(go, "memory")) as process:
        yield process


def of_report(silt, target):
    return silt.json("report", target)


def test_all_of_it_is_accounted_for(silt, process):
    memory = of_report(silt, process.pid)["memory"]
    assert memory["rss_bytes"] == pytest.approx(kernel_rss(process), rel=CLOSE)
    assert memory["accounted_bytes"] == pytest.approx(memory["rss_bytes"], rel=CLOSE)
    assert memory["accounted_bytes"] == sum(memory["resident_bytes"].values())


def test_each_use_is_what_the_runtime_counts(silt, process):
    memory, counted = of_report(silt, process.pid)["memory"], process.facts("memory")["heap"]
    uses = memory["resident_bytes"]
    for ours, theirs in [(uses["live"] + uses["garbage"], "objects"), (uses["free_slots"], "unused")]:
        assert ours == pytest.approx(int(counted[theirs]), rel=CLOSE, abs=NOISE), theirs
    # The runtime counts a stack of which only a part was ever touched as a whole, as free what it never used, and
    # gives pages back all the time.
    assert uses["stacks"] + uses["free_stacks"] <= int(counted["stacks"]) + NOISE
    assert uses["free_pages"] <= int(counted["free"]) + NOISE + HUGE_PAGES


def test_snapshot_keeps_the_figures(silt, process, tmp_path):
    done = silt.run("snap", process.pid, "-o", tmp_path / "snapshot")
    assert done.returncode == 0, done.stderr
    live, kept = of_report(silt, process.pid)["memory"], of_report(silt, tmp_path / "snapshot")["memory"]
    assert kept["rss_bytes"] == pytest.approx(live["rss_bytes"], rel=CLOSE)
    for use, size in live["resident_bytes"].items():
        assert kept["resident_bytes"][use] == pytest.approx(size, rel=CLOSE, abs=NOISE), use


def test_memory_of_c_is_outside(silt, go, programs):
    with Process(programs.build(go, "shapes", "cgo")) as process:
        memory = of_report(silt, process.pid)["memory"]
        assert memory["resident_bytes"]["outside"] > 0
        assert memory["accounted_bytes"] == pytest.approx(kernel_rss(process), rel=CLOSE)
