"""Maps whose small values keep large things: what mending them frees, as silt says before and the runtime counts
after; and maps that are as large as they are meant to be."""
from programs import Process

RUNTIME_BYTES = 8192  # that the program itself allocates or a stale word keeps meanwhile

# The arrays last: a stale word of a stack may keep one of them a little longer.
PINNED = {"main.pinContext": "likely", "main.pinListed": "likely", "main.pinTree": "hint", "main.pinElement": "likely"}


def pins_of(silt, process):
    findings = silt.json("report", process.pid, "--limit=0")["findings"]
    return [finding for finding in findings if finding["kind"] == "value-pins"]


def finding_of(name, findings):
    """By the map: a path may begin with another variable that leads to the same entries."""
    found = [finding for finding in findings if finding["map_address"] == name]
    assert len(found) == 1, (name, findings)
    return found[0]


def addresses(silt, process):
    rows = silt.json("maps", process.pid, "--limit=0")["maps"]
    return {name: row["addr"] for row in rows for name in row["holder"].split(", ") if name.startswith("main.")}


def test_frees(silt, go, programs):
    with Process(programs.build(go, "pins")) as process:
        findings, maps = pins_of(silt, process), addresses(silt, process)
        assert {finding["map_address"] for finding in findings} == {maps[name] for name in PINNED}
        for name, tier in PINNED.items():
            finding = finding_of(maps[name], findings)
            freed = int(process.ask(name))
            assert finding["tier"] == tier and 198 <= finding["pinning_entries"] <= 200
            assert abs(finding["frees_bytes"] - freed) <= max(0.02 * freed, RUNTIME_BYTES), (name, finding, freed)
        assert not pins_of(silt, process)
