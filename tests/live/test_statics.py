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


NOTE = "to set the variable to nil frees nothing"


@pytest.mark.oldest_and_newest
def test_why_says_that_a_value_of_the_program_stays(silt, go, programs):
    with Process(programs.build(go, "statics")) as process:
        told = {name: silt.run("why", process.pid, name).stdout for name in ("main.mainBus", "main.plain")}
    assert NOTE in told["main.mainBus"] and NOTE not in told["main.plain"]
