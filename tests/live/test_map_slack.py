"""Maps that were much larger: what rebuilding them frees, as silt says before and the runtime counts after."""
import pytest

from programs import Process

REBUILT = ["main.shrunkInts", "main.shrunkStrings", "main.shrunkWide", "main.shrunkEmpty", "main.shrunkSmall"]
HEALTHY = ["main.planned", "main.filled", "main.halfFilled"]


def slack_of(silt, process):
    findings = silt.json("report", process.pid, "--limit=0")["findings"]
    return {finding["what"].split()[0]: finding for finding in findings if finding["kind"] == "map-slack"}


def test_frees(silt, go, programs):
    with Process(programs.build(go, "slack")) as process:
        found = slack_of(silt, process)
        for name in REBUILT:
            finding = found.get(name) or found[name + "[]"]
            freed = int(process.ask(name))
            assert abs(finding["frees_bytes"] - freed) <= max(freed * 0.01, 4096), (name, finding, freed)
        assert not [name for name in found for healthy in HEALTHY if name.startswith(healthy)], found
        after = slack_of(silt, process)
        assert not [name for name in after for rebuilt in REBUILT if name.startswith(rebuilt)], after


def test_sync_map(silt, go, programs):
    """Up to 1.23 a sync.Map has tables; later it is a trie, which shrinks."""
    with Process(programs.build(go, "slack")) as process:
        assert ("main.shrunkSync" in slack_of(silt, process)) == (not go.at_least(24))


def test_stripped(silt, go, programs):
    """Maps in variables without names are found as well, where their type is known without symbols."""
    with Process(programs.build(go, "slack", "stripped")) as process:
        sizes = {finding["entries"] for finding in slack_of(silt, process).values()}
        if not sizes:
            pytest.skip("Go %s: the types of maps in variables are not known without symbols" % go.version)
        assert sizes <= {0, 300, 500}
