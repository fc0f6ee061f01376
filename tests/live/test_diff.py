"""What silt says has been born, has survived and has died between two snapshots, against what the program did."""
import json

import pytest

from programs import Process

pytestmark = pytest.mark.oldest_and_newest

EXACT, MANY = 1, 3  # collections in a round


class Round:
    """A process before and after one round, and what it says that it did."""

    def __init__(self, silt, program, collections, scratch):
        self.before, self.after = scratch / "before", scratch / "after"
        with Process(program) as process:
            snap(silt, process, self.before)
            self.did = json.loads(process.ask(str(collections)))
            snap(silt, process, self.after)
        self.diff = silt.json("diff", self.before, self.after, "--limit=0")
        self.types = {row["type"]: row for row in self.diff["types"]}


def snap(silt, process, path):
    done = silt.run("snap", process.pid, "-o", path)
    assert not done.returncode, done.stderr


@pytest.fixture(scope="module", params=[0, EXACT, MANY], ids=["no-collection", "one-collection", "collections"])
def round_of(request, silt, go, programs, tmp_path_factory):
    return Round(silt, programs.build(go, "growth"), request.param, tmp_path_factory.mktemp("growth"))


def test_collections_are_counted(round_of):
    """Against runtime.MemStats.NumGC."""
    assert round_of.diff["collections"] == round_of.did["Collections"]
    assert round_of.diff["exact"] == (round_of.did["Collections"] <= EXACT)


@pytest.mark.parametrize("name", ["main.Kept", "main.Reused", "main.Touched", "main.Replaced"])
def test_objects_of_a_type(round_of, name):
    did, row = round_of.did["Types"][name], round_of.types[name]
    growth = row["growth"]
    assert growth["survivors"] == did["Survived"]
    assert growth["objects"] == did["Born"] - did["Died"]
    assert growth["bytes"] == growth["objects"] * did["Slot"]
    assert row["objects"] - growth["survivors"] == did["Born"]


def test_slots_are_taken_again(round_of):
    """The trap is there: without collections nothing is freed, with them most slots have new owners."""
    assert (round_of.did["Reused"] > 0) == (round_of.did["Collections"] > 0)


def test_goroutines(round_of):
    did = round_of.did["Waiters"]
    [row] = [row for row in round_of.diff["goroutines"]["groups"] if row["top"].startswith("main.wait at ")]
    assert row["survivors"] == did["Survived"]
    assert row["born"] == did["Born"]
    assert row["before"] == did["Survived"] + did["Died"]


def test_map_that_grows(round_of):
    did = round_of.did["Growing"]
    [finding] = [row for row in round_of.diff["findings"] if row["kind"] == "map-grows"]
    assert "main.growing" in finding["what"]
    assert finding["growth"]["objects"] == did["Born"]
    assert finding["growth"]["survivors"] == did["Survived"] == finding["entries_before"]


def test_sums(round_of):
    """What the parts say adds up to what is said of the heap."""
    heap = round_of.diff["heap"]
    assert heap["growth"]["objects"] == heap["born_objects"] - heap["died_objects"]
    assert heap["live_objects"] == heap["survived_objects"] + heap["born_objects"]
    for part in ("types", "holders"):
        assert sum(row["growth"]["survivors"] for row in round_of.diff[part]) == heap["survived_objects"]
        assert sum(row["objects"] for row in round_of.diff[part]) == heap["live_objects"]
