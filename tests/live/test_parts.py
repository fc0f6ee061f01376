"""What a variable leads to of which only a part is in the frame has a type all the same."""
import pytest

from programs import Process


@pytest.mark.oldest_and_newest
def test_a_slice_of_which_the_pointer_is_there_has_a_type(silt, go, programs):
    with Process(programs.build(go, "parts")) as process:
        [(name, fact)] = process.facts("type").items()
        types = {row["type"]: row for row in silt.json("types", process.pid, "--limit=0")["types"]}
    assert types[name]["shallow_bytes"] >= int(fact["bytes"])
