"""Contexts that nobody ends, and chains of them: as many, and as deep, as the program says."""
import pytest

from programs import Process


def counts(process, kind):
    return {name: int(fact["count"]) for name, fact in process.facts(kind).items()}


class Contexts:
    """What silt says of the program's contexts, and what the program does."""

    def __init__(self, silt, path):
        with Process(path) as process:
            found = [finding for finding in silt.json("report", process.pid, "--limit=0")["findings"]
                     if finding["kind"] == "context-chain"]
            self.children, self.chain = counts(process, "children"), counts(process, "chain")
        self.forgotten = [finding for finding in found if finding["reason"] == "forgotten"]
        self.deep = [finding for finding in found if finding["reason"] == "deep"]


@pytest.fixture(scope="module", params=["plain", "stripped"])
def contexts(request, go, programs, silt):
    return Contexts(silt, programs.build(go, "contexts", request.param))


@pytest.mark.oldest_and_newest
def test_forgotten(contexts):
    made = contexts.children
    by_timed = {finding["with_deadline"]: finding for finding in contexts.forgotten}
    assert set(by_timed) == {made["timed"], made["deadlines"]}
    mixed, deadlines = by_timed[made["timed"]], by_timed[made["deadlines"]]
    assert mixed["count"] == made["forgotten"] + made["timed"]
    assert mixed["children"] == mixed["count"] + made["in-use"]
    assert deadlines["count"] == deadlines["children"] == made["deadlines"]
    assert deadlines["tier"] == "likely"


@pytest.mark.oldest_and_newest
def test_deep(contexts):
    assert sorted(finding["count"] for finding in contexts.deep) == sorted(contexts.chain.values())
