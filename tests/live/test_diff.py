"""What silt says has been born, has survived and has died between two snapshots, against what the program did."""
import collections
import json
import os
import pathlib
import shutil
import subprocess
import time

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
    [finding] = [row for row in round_of.diff["findings"] if "main.growing" in row["what"]]
    assert finding["kind"] == "map-grows"
    assert finding["growth"]["objects"] == did["Born"]
    assert finding["growth"]["survivors"] == did["Survived"] == finding["entries_before"]


def test_collections_that_grow(round_of):
    """Also those in a struct, sync.Maps and shards, which are one; not those that replace what they have."""
    found = {(row["kind"], row["what"]): row for row in round_of.diff["findings"] if row["tier"] == "likely"}
    assert {(kind, what.split(".")[1].split("[")[0]) for kind, what in found} == {
        ("map-grows", "growing"), ("map-grows", "concurrent"), ("map-grows", "shards"), ("registry-grows", "bus")}
    for row in found.values():
        if "growing" not in row["what"]:
            assert row["growth"]["objects"] == 4000 and row["growth"]["survivors"] == 6000, row


def test_sums(round_of):
    """What the parts say adds up to what is said of the heap."""
    heap = round_of.diff["heap"]
    assert heap["growth"]["objects"] == heap["born_objects"] - heap["died_objects"]
    assert heap["live_objects"] == heap["survived_objects"] + heap["born_objects"]
    for part in ("types", "holders"):
        assert sum(row["growth"]["survivors"] for row in round_of.diff[part]) == heap["survived_objects"]
        assert sum(row["objects"] for row in round_of.diff[part]) == heap["live_objects"]


def likely(diff):
    return sorted((row["kind"], row["growth"]["objects"], row["growth"]["survivors"])
                  for row in diff["findings"] if row["tier"] == "likely")


def test_stripped_program(silt, newest, programs, tmp_path):
    """The same collections grow, whatever they are called; but for sync.Maps in variables, whose type nobody knows."""
    round_of = Round(silt, programs.build(newest, "growth", "stripped"), EXACT, tmp_path)
    added, kept = collections.Counter(), collections.Counter()
    for kind, objects, survivors in likely(round_of.diff):  # each shard is a variable of its own
        added[kind] += objects
        kept[kind] += survivors
    assert added == {"map-grows": 800 + 4000, "registry-grows": 4000}
    assert kept == {"map-grows": 600 + 6000, "registry-grows": 6000}


@pytest.fixture(scope="module")
def pair(silt, newest, programs, tmp_path_factory):
    """Two snapshots of one process and one of another of the same program."""
    scratch, program = tmp_path_factory.mktemp("pair"), programs.build(newest, "growth")
    with Process(program) as process, Process(program) as other:
        for path in ("first", "second"):
            snap(silt, process, scratch / path)
        snap(silt, other, scratch / "other")
    return scratch


def refused(silt, *arguments):
    done = silt.run("diff", *arguments)
    assert done.returncode == 2 and not done.stdout
    [line] = done.stderr.splitlines()
    return line


def test_of_two_processes_is_refused(silt, pair):
    assert "not two moments of one process" in refused(silt, pair / "first", pair / "other")


def test_of_two_programs_is_refused(silt, newest, programs, pair, tmp_path):
    with Process(programs.build(newest, "memory")) as process:
        snap(silt, process, tmp_path / "else")
    assert "executables differ" in refused(silt, pair / "first", tmp_path / "else")


def test_wrong_order_is_refused(silt, pair):
    assert "older" in refused(silt, pair / "second", pair / "first")


def test_nothing_changes_in_one_snapshot(silt, pair):
    diff = silt.json("diff", pair / "first", pair / "first", "--limit=0")
    assert diff["heap"]["survived_objects"] == diff["heap"]["live_objects"] == diff["heap"]["before_objects"]
    assert diff["elapsed_ns"] is None
    assert not any(row["growth"]["objects"] or row["growth"]["bytes"] for row in diff["types"] + diff["holders"])


def test_core_files(silt, newest, programs, tmp_path):
    """Cores of others know no time, but the same objects."""
    if not shutil.which("gcore"):
        pytest.skip("gcore is not at hand")
    with Process(programs.build(newest, "growth")) as process:
        for number in (1, 2):
            subprocess.run(["gcore", "-o", tmp_path / str(number), str(process.pid)], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            did = json.loads(process.ask(str(EXACT)))
        diff = silt.json("diff", *(tmp_path / ("%d.%d" % (number, process.pid)) for number in (1, 2)), "--limit=0")
    [kept] = [row["growth"] for row in diff["types"] if row["type"] == "main.Kept"]
    assert kept["objects"] == did["Types"]["main.Kept"]["Born"] - did["Types"]["main.Kept"]["Died"]
    assert kept["bytes_per_minute"] is None and diff["elapsed_ns"] is None


class Series:
    """silt takes three snapshots of a process itself; `rounds` says before which of them there is a round."""

    def __init__(self, silt, program, rounds):
        self.process = Process(program)
        self.silt = subprocess.Popen([silt.path, "diff", "--every=2s", "--times=3", "--json", str(self.process.pid)],
                                     stdout=subprocess.PIPE, text=True)
        self.rounds, self.began = rounds, time.monotonic()

    def step(self, number):
        time.sleep(max(0, self.began + 2 * number - 1 - time.monotonic()))
        if number in self.rounds:
            self.process.ask(str(EXACT))

    def end(self):
        with self.process:
            return json.loads(self.silt.communicate(timeout=60)[0])


def test_every_step_must_grow(silt, newest, programs):
    program = programs.build(newest, "growth")
    series = [Series(silt, program, {1, 2}), Series(silt, program, {2})]
    for number in (1, 2):
        for one in series:
            one.step(number)
    steady, once = [one.end() for one in series]
    assert steady["snapshots"] == once["snapshots"] == 3
    assert 3.5e9 < steady["elapsed_ns"] < 6e9
    assert ("map-grows", 1600, 600) in likely(steady)
    assert not likely(once) and once["heap"]["growth"]["bytes"] > 0


@pytest.mark.parametrize("variant", ["plain", "stripped"])
def test_memory_limit_of_the_runtime(silt, go, programs, pair, variant):
    """As it was given in the environment, on every version."""
    with Process(programs.build(go, "growth", variant), env={"GOMEMLIMIT": "300MiB"}) as process:
        diff = silt.json("diff", "--every=10ms", process.pid)
    [limit] = [row for row in diff["limits"] if row["what"] == "GOMEMLIMIT"]
    assert limit["limit_bytes"] == 300 << 20
    assert limit["used_bytes"] == diff["heap"]["live_bytes"]


def test_no_memory_limit(silt, pair):
    assert "GOMEMLIMIT" not in {row["what"] for row in silt.json("diff", pair / "first", pair / "second")["limits"]}


@pytest.fixture
def group():
    """A control group with a limit of 200 MiB; the directory of it."""
    for path, file in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        directory = pathlib.Path(path) / ("silt-test-%d" % os.getpid())
        try:
            directory.mkdir()
            (directory / file).write_text(str(200 << 20))
        except OSError:
            if directory.exists():
                directory.rmdir()
            continue
        yield directory
        directory.rmdir()
        return
    pytest.skip("no control group with a limit can be made here")


def test_memory_limit_of_the_group(silt, newest, programs, group):
    with Process(programs.build(newest, "growth")) as process:
        (group / "cgroup.procs").write_text(str(process.pid))
        diff = silt.json("diff", "--every=10ms", process.pid)
        [limit] = [row for row in diff["limits"] if row["what"] == "cgroup"]
        assert limit["limit_bytes"] == 200 << 20
        assert limit["used_bytes"] == pytest.approx(int(process.status("VmRSS")) << 10, rel=0.1)
