"""Memory that hangs on values of the linker is shown under the variable that leads to them."""
import pytest

from programs import Process


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("variant", ["plain", "pie"])
def test_holders_have_the_names_of_variables(silt, go, programs, variant):
    with Process(programs.build(go, "statics", variant)) as process:
        report = silt.json("report", process.pid, "--limit=0")
        holders = {row["what"]: row for row in report["holders"]}
        for name, fact in process.facts("holder").items():
            assert holders[name]["retained_bytes"] >= int(fact["bytes"]), name
            assert "main.entry" in str(holders[name]["contents"]), name
