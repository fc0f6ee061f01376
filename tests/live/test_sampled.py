"""Where objects were allocated: what silt reads of the heap profile, against runtime.MemProfile."""
import pytest

from programs import Process

RATES = ["1", "4096", "524288"]
SLOT = 1.25  # a slot is so much larger than what was asked for, at most
VARIABLES = ["main.kept", "main.largest"]


def told(process):
    """{call: (objects, bytes)}"""
    lines = [line.split() for line in process.lines if line.startswith("sampled ")]
    return {line[1].replace("|", " at "): (int(line[2]), int(line[3])) for line in lines}


def found(silt, process):
    """The same by silt, of all that the package variables keep."""
    sites = {}
    for variable in VARIABLES:
        for site in silt.json("why", process.pid, variable, "--limit=0")["allocated_at"]:
            objects, size = sites.get(site["at"], (0, 0))
            sites[site["at"]] = (objects + site["objects"], size + site["bytes"])
    return sites


@pytest.mark.parametrize("rate", RATES)
def test_sites_are_those_of_the_runtime(silt, go, programs, rate):
    with Process(programs.build(go, "sampled"), rate) as process:
        sites, expected = found(silt, process), told(process)
    assert sites and all(call.startswith("main.") for call in expected)
    for call, (objects, size) in expected.items():
        if objects:
            assert sites[call][0] == objects, call
            assert size <= sites[call][1] <= SLOT * size, call
    assert {call for call in sites if call.startswith(("main.fill", "main.newRecord"))} <= expected.keys()


@pytest.mark.oldest_and_newest
def test_a_type_says_where_its_objects_were_allocated(silt, go, programs):
    with Process(programs.build(go, "sampled"), "1") as process:
        sites = silt.json("why", process.pid, "main.record")["allocated_at"]
    assert [site["objects"] for site in sites] == [3001]
    assert sites[0]["at"].startswith("main.newRecord at main.go:")


@pytest.mark.oldest_and_newest
def test_an_object_says_where_it_was_allocated(silt, go, programs):
    with Process(programs.build(go, "sampled"), RATES[-1]) as process:
        address = [line.split()[1] for line in process.lines if line.startswith("largest ")][0]
        document = silt.json("why", process.pid, address)
        text = silt.run("why", process.pid, address).stdout
        calls = told(process)
    at = document["object"]["allocated_at"]
    assert at in calls and at.startswith("main.newRecord")
    assert "allocated at %s\n" % at in text
    assert document["allocated_at"][0]["stack"][1].startswith("main.makeLargest")
