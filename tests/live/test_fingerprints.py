"""The same mistake has the same name: in another process, built by another Go, with and without symbols."""
import pytest

from corpus import findings_between
from programs import Process, VERSIONS

OF_ONE_SNAPSHOT = "goroutine-never-wakes"
OF_TWO = ["map-grows", "registry-grows"]


def names(findings):
    return {finding["fingerprint"]: finding["id"] for finding in findings}


def of_one(silt, program):
    with Process(program) as process:
        return names(silt.json("report", process.pid, "--limit=0")["findings"])


def of_two(silt, program, scratch):
    with Process(program) as process:
        return names(findings_between(silt, process, scratch))


def leaky(kind):
    return "leaks/%s/leaky" % kind


@pytest.fixture(scope="module")
def first(silt, newest, examples):
    return of_one(silt, examples.build(newest, leaky(OF_ONE_SNAPSHOT)))


def test_two_processes(silt, newest, examples, first):
    assert first and of_one(silt, examples.build(newest, leaky(OF_ONE_SNAPSHOT))) == first


@pytest.mark.oldest_and_newest
def test_other_go(silt, go, examples, first):
    assert of_one(silt, examples.build(go, leaky(OF_ONE_SNAPSHOT))) == first


def test_stripped(silt, newest, examples, first):
    """Functions keep their names."""
    assert of_one(silt, examples.build(newest, leaky(OF_ONE_SNAPSHOT), "stripped")) == first


@pytest.mark.parametrize("kind", OF_TWO)
def test_what_grows(silt, newest, trees, examples, tmp_path, kind):
    """Of two processes, built by the oldest and the newest Go."""
    oldest = type(newest)(VERSIONS[0], trees[VERSIONS[0]]) if VERSIONS[0] in trees else newest
    found = []
    for number, go in enumerate([newest, newest, oldest]):
        scratch = tmp_path / str(number)
        scratch.mkdir()
        found.append(of_two(silt, examples.build(go, leaky(kind)), scratch))
    assert found[0] and found[0] == found[1] == found[2]
    assert all(len(fingerprint) == 16 and int(fingerprint, 16) for fingerprint in found[0])
    assert not any("0x" in name for name in found[0].values())
