"""Maps that share their entries: none of them holds what grows alone, and each is found all the same."""
import pytest

from programs import Process

NAMES = {"variables": {"main.sessions", "main.byUser"}, "struct": {"main.store.sessions", "main.store.byUser"}}


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("way", NAMES)
def test_growth_that_is_shared_is_told(silt, go, programs, tmp_path, way):
    before, after = tmp_path / "before", tmp_path / "after"
    with Process(programs.build(go, "shared"), way) as process:
        silt.run("snap", process.pid, "-o", before)
        grown = int(process.ask("400"))
        silt.run("snap", process.pid, "-o", after)
    findings = {finding["what"]: finding for finding in silt.json("diff", before, after)["findings"]}
    assert set(findings) == NAMES[way]
    for finding in findings.values():
        assert finding["kind"] == "map-grows"
        assert finding["growth"]["bytes"] < grown / 4
        assert finding["shared_bytes"] >= 2 * grown * 0.85
