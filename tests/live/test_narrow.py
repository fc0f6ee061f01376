"""In a narrow terminal the names are still there: columns that say less go under their rows."""
import pytest

from programs import Process
from terminal import shown

WIDTHS = [80, 120]


@pytest.mark.parametrize("width", WIDTHS)
def test_maps(newest, programs, silt, tmp_path, width):
    with Process(programs.build(newest, "shapes")) as process:
        assert silt.run("snap", process.pid, "--force", "-o", tmp_path / "snapshot").returncode == 0
    maps = silt.json("maps", tmp_path / "snapshot", "--limit=0")["maps"]
    lines = shown(silt, width, "maps", tmp_path / "snapshot", "--limit=0")
    assert max(map(len, lines)) <= width
    text = " ".join(" ".join(lines).split())
    assert len(maps) > 20
    for row in maps:
        for key in ("addr", "type", "holder"):
            assert row[key] in text, row


@pytest.mark.parametrize("width", WIDTHS)
def test_lock_holders(newest, programs, silt, tmp_path, width):
    with Process(programs.build(newest, "waits")) as process:
        assert silt.run("snap", process.pid, "--force", "-o", tmp_path / "snapshot").returncode == 0
    waiters = [row["goid"] for row in silt.json("goroutines", tmp_path / "snapshot", "--limit=0")["goroutines"]
               if row["wait_reason"].startswith("sync.")]
    holders = 0
    for goid in waiters[:20]:
        why = silt.json("why", tmp_path / "snapshot", "goid:%d" % goid)
        text = "\n".join(shown(silt, width, "why", tmp_path / "snapshot", "goid:%d" % goid))
        for holder in why["held_by"]:
            assert "goroutine %d (%s)" % (holder["goid"], holder["top"]) in text
            assert holder["state"] in text and holder["evidence"] in text
            holders += 1
    assert holders
