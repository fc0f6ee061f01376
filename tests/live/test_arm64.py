"""Core files of linux/arm64 on another machine: the runtime's own heap dump, the program's own verdicts."""
import json
import shutil

import pytest

from arm64 import as_of_a_kernel, Guest, skip_without_c
from test_oracle import compare
from test_same_answers import without_times
from test_wakes import by_case, goids


class Crashed:
    """A program that has been run and has crashed: its core, its executable, and what it said."""

    def __init__(self, go, programs, directory, name, variant="arm64"):
        self.program, self.dump = programs.build(go, name, variant), directory / "dump"
        with Guest(self.program, directory, self.dump) as guest:
            self.core, self.facts = guest.crash(), guest.facts

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.core.unlink()


def test_heap_dump(go, programs, oracle, silt, tmp_path):
    """program_open compares the layout with DWARF as well."""
    with Crashed(go, programs, tmp_path, "shapes") as crashed:
        compare(oracle, crashed.core, crashed.dump, crashed.program)
        report = silt.json("report", crashed.core, "--exe", crashed.program, "--limit=0")
    assert report["target"]["arch"] == "arm64"
    figures = {(row["retained_bytes"], row["objects"]): row["what"] for row in report["holders"] if not row["with"]}
    for name, fact in crashed.facts("retained").items():
        assert figures[int(fact["bytes"]), int(fact["objects"])] == name
    assert not [note for note in report["notes"] if "could not be" in note]


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("variant", ["arm64-pie", "arm64-cgo", "arm64-cgo-pie"])
def test_variant(go, programs, oracle, tmp_path, variant):
    skip_without_c()
    with Crashed(go, programs, tmp_path, "shapes", variant) as crashed:
        compare(oracle, crashed.core, crashed.dump, crashed.program)


@pytest.mark.oldest_and_newest
def test_core_of_a_kernel(go, programs, oracle, silt, tmp_path):
    """It says where the executable is, and has none of its code and constants."""
    with Crashed(go, programs, tmp_path, "shapes") as crashed:
        as_of_a_kernel(crashed.core, crashed.program)
        compare(oracle, crashed.core, crashed.dump)
        report = silt.json("report", crashed.core)
    assert report["target"]["exe"] == str(crashed.program)


@pytest.mark.oldest_and_newest
def test_stripped(go, programs, oracle, silt, tmp_path):
    """The globals of the runtime, and who uses a variable, are found in the code."""
    with Crashed(go, programs, tmp_path, "shapes", "arm64-stripped") as crashed:
        compare(oracle, crashed.core, crashed.dump, crashed.program)
        report = silt.json("report", crashed.core, "--exe", crashed.program, "--limit=0")
    assert report["target"]["stripped"]
    variables = [row["what"] for row in report["holders"] if row["what"].startswith(("bss+", "data+"))]
    used = [what for what in variables if "used by" in what]
    assert len(variables) > 10 and len(used) > 0.9 * len(variables), variables


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("variant", ["arm64", "arm64-stripped"])
def test_verdicts(go, programs, silt, tmp_path, variant):
    """Nothing wrong is proved. The threads of a program that crashes are in signal handlers, and what lies on the
    stacks that those left may still refer to something: so one of the cases may be in doubt."""
    with Crashed(go, programs, tmp_path, "wakes", variant) as crashed:
        rows = silt.json("goroutines", crashed.core, "--exe", crashed.program, "--limit=0")["goroutines"]
    leaks, healthy = goids(crashed.facts("leak")), goids(crashed.facts("healthy"))
    proved = {row["goid"] for row in rows if row["verdict"] == "never-wakes"}
    assert not [row for row in rows if row["goid"] in proved - leaks.keys()], by_case(proved - leaks.keys(), healthy)
    assert len(by_case(leaks.keys() - proved, leaks)) <= 1
    assert len(proved) > 50


@pytest.mark.oldest_and_newest
def test_running(go, programs, silt, tmp_path):
    """Goroutines that were running or preempted: their stacks are followed to their ends."""
    with Crashed(go, programs, tmp_path, "restless") as crashed:
        done = silt.run("goroutines", crashed.core, "--exe", crashed.program, "--json", "--limit=0")
    assert done.returncode == 0, done.stdout  # no verdict on what goes on
    outermost = [group["frames"][-1]["function"] for group in json.loads(done.stdout)["groups"] if group["frames"]]
    assert len(outermost) > 5
    whole = [name for name in outermost if name == "runtime.goexit"]
    assert len(whole) >= len(outermost) - 1, outermost


def snapped(silt, crashed, program, path, *options):
    done = silt.run("snap", crashed.core, "--exe", program.name, "-o", path, *options, cwd=program.parent)
    assert done.returncode == 0, done.stderr
    assert path.stat().st_size < crashed.core.stat().st_size / 4
    return silt.json("report", path, "--limit=0")


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("variant, form", [("arm64", None), ("arm64-stripped", None), ("arm64-pie", None),
                                           ("arm64-cgo", None), ("arm64", as_of_a_kernel)])
def test_snapshot(go, programs, silt, oracle, tmp_path, variant, form):
    """What is made of a core says the same, and is read where the program is not."""
    if "cgo" in variant:
        skip_without_c()
    program, snapshot = tmp_path / "program", tmp_path / "snapshot.zst"
    with Crashed(go, programs, tmp_path, "shapes", variant) as crashed:
        shutil.copy(crashed.program, program)
        if form:
            form(crashed.core, program)
        whole = silt.json("report", crashed.core, "--exe", program, "--limit=0")
        assert without_times(snapped(silt, crashed, program, snapshot, "--contents")) == without_times(whole)
        snapped(silt, crashed, program, snapshot)
    program.unlink()
    compare(oracle, snapshot, crashed.dump)
    alone = silt.json("report", snapshot, "--limit=0")
    assert alone["target"]["kind"] == "snapshot" and alone["target"]["arch"] == "arm64"
    for key in "allocated_bytes", "live_bytes", "live_objects":
        assert alone["heap"][key] == whole["heap"][key]


def test_refused(newest, programs, silt, tmp_path):
    with Crashed(newest, programs, tmp_path, "tiny") as crashed:
        for arguments, reason in (([], "--exe"), (["--exe", programs.build(newest, "tiny")], "is an amd64 program")):
            done = silt.run(crashed.core, *arguments)
            assert done.returncode == 3 and len(done.stderr.splitlines()) == 1
            assert reason in done.stderr
