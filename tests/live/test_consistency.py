"""What is true of a program at every instant is true in a capture of it, taken while it changes everything."""
import pytest

from core import Core, Missing
from programs import Process
from test_same_answers import take_gcore

WAYS = ["stop", "precopy", "fork"]
CAPTURES, CAPTURES_LONG = 3, 40
SPACE = 1 << 30  # so much that several threads look for what was written to (src/target/write_watch.c)


class Facts:
    """Where the program says its structures are, and how they are made."""

    def __init__(self, process):
        self.address = {name: int(fact["addr"], 16) for name, fact in process.facts("address").items()}
        self.offset = {name: int(fact["bytes"]) for name, fact in process.facts("offset").items()}
        self.count = {name: int(fact["of"]) for name, fact in process.facts("count").items()}


def check_cells(core, facts):
    rounds = [core.word(cell) for cell in core.words(facts.address["cells"], facts.count["cells"])]
    assert rounds == sorted(rounds, reverse=True)
    assert rounds[0] - rounds[-1] <= 1


def list_numbers(core, facts):
    node = core.word(facts.address["head"])
    while node:
        yield core.word(node + facts.offset["number"])
        node = core.word(node)


def check_list(core, facts):
    numbers = list(list_numbers(core, facts))
    assert numbers == list(range(len(numbers) - 1, -1, -1))
    assert len(numbers) - core.word(facts.address["list_count"]) in (0, 1)


def check_blocks(core, facts):
    for block in core.words(facts.address["blocks"], facts.count["blocks"]):
        if block:
            mark = core.word(block)
            assert set(core.words(block + facts.offset["pointers"], facts.count["pointers"])) == {mark}


def check_map(core, facts, silt, path):
    [found] = [row for row in silt.json("maps", path, "--limit=0")["maps"]
               if int(row["addr"], 16) == facts.address["map"]]
    assert found["entries"] - core.word(facts.address["map_count"]) in (0, 1)


def check_types(core, facts, silt, path):
    types = {row["type"]: row for row in silt.json("types", path, "--limit=0")["types"]}
    assert types["main.Cell"]["objects"] == facts.count["cells"]
    assert types["main.Node"]["objects"] >= len(list(list_numbers(core, facts)))


def check(path, facts, silt):
    """How many bytes silt says it could not read."""
    core = Core(path)
    check_cells(core, facts)
    check_list(core, facts)
    check_blocks(core, facts)
    check_map(core, facts, silt, path)
    check_types(core, facts, silt, path)
    return silt.json("types", path)["capture"].get("unread_bytes", 0)


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("way", WAYS)
def test_consistent(go, programs, silt, long, tmp_path, way):
    missing = []
    with Process(programs.build(go, "churn"), SPACE, settle=1) as process:
        facts = Facts(process)
        for number in range(CAPTURES_LONG if long else CAPTURES):
            path = tmp_path / "snapshot"
            done = silt.run("snap", process.pid, "--capture=" + way, "--force", "-o", path)
            assert done.returncode == 0, done.stderr
            assert process.ask("still there?") == "still there?"
            try:
                unread = check(path, facts, silt)
            except Missing as error:
                unread = silt.json("types", path)["capture"].get("unread_bytes", 0)
                missing.append("%s of %d unread bytes" % (error, unread))
                assert way == "precopy" and unread
    print("%s: %d captures of a changing program, in %d of them memory is missing: %s" %
          (way, number + 1, len(missing), missing))


def takes(silt, process, path, *arguments):
    """The bytes of snapshots, some of many moments."""
    for _ in range(CAPTURES):
        done = silt.run("snap", process.pid, "--force", "-o", path, *arguments)
        assert done.returncode == 0, done.stderr
        yield path.read_bytes()


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["churn", "secrets"])
def test_contents_are_left_out(go, programs, silt, tmp_path, name, way):
    """What the program writes into memory without pointers is nowhere in the file, unless it was asked for: not
    in pages with other things that are wanted, and not where it was before, in memory that is used again."""
    with Process(programs.build(go, name), settle=1) as process:
        secret = bytes.fromhex(process.facts("secret")["bytes"]["hex"])
        wishes = [silt, process, tmp_path / "snapshot", "--capture=" + way]
        assert [found.count(secret) for found in takes(*wishes)] == [0] * CAPTURES
        assert all(found.count(secret) for found in takes(*wishes, "--contents"))


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("name", ["churn", "secrets"])
def test_contents_of_a_core_are_left_out(go, programs, silt, tmp_path, name):
    """gdb's core has them, the snapshot that is made of it does not."""
    with Process(programs.build(go, name), settle=1) as process:
        secret = bytes.fromhex(process.facts("secret")["bytes"]["hex"])
        core = take_gcore(process, tmp_path)
    found = {}
    for option in [], ["--contents"]:
        done = silt.run("snap", core, "-o", tmp_path / "snapshot", *option)
        assert done.returncode == 0, done.stderr
        found[bool(option)] = (tmp_path / "snapshot").read_bytes().count(secret)
    assert core.read_bytes().count(secret) and found[True] and not found[False]
    for made, taken_with in ("again", ["--contents"]), ("smaller", []):
        assert silt.run("snap", core, "-o", tmp_path / "snapshot", *taken_with).returncode == 0
        done = silt.run("snap", tmp_path / "snapshot", "-o", tmp_path / made, "--contents")
        assert bool(taken_with) == (done.returncode == 0) == (tmp_path / made).exists()
        assert taken_with or "was taken without" in done.stderr
    core.unlink()
