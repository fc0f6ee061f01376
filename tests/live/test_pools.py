"""Pools that keep giants: as many values, and as large, as the program has put into them."""
import pytest

from programs import Process

LARGE = 256 << 10
TOLERANCE = 4096  # bytes of headers and rounding


def puts(process):
    return {name: {size: int(count) for size, count in fact.items()} for name, fact in process.facts("put").items()}


def matches(finding, put):
    return (finding["values"] == put["small"] + put["large"] and finding["outsized"] == put["large"]
            and 0 <= finding["frees_bytes"] - put["large"] * LARGE < TOLERANCE * put["large"])


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("variant", ["plain", "stripped"])
def test_pools(silt, go, programs, variant):
    with Process(programs.build(go, "pools", variant)) as process:
        found = [finding for finding in silt.json("report", process.pid, "--limit=0")["findings"]
                 if finding["kind"] == "pool-hoard"]
        put = puts(process)
    both = {size: put["variable-victim"][size] + put["variable-local"][size] for size in ("small", "large")}
    (variable,) = [finding for finding in found if matches(finding, both)]
    assert variable["unused_since_collection"] == sum(put["variable-victim"].values())
    (field,) = [finding for finding in found if matches(finding, put["field"])]
    assert variable["tier"] == field["tier"] == "likely"
    (varied,) = [finding for finding in found if matches(finding, put["varied"])]
    assert varied["tier"] == "hint"
    assert len(found) == 3
    if variant == "plain":
        assert variable["what"].split("  ")[0] == "main.variable" and field["what"].split("  ")[0] == "main.one"
