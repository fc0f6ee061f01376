"""One process, stopped in time, must give the same answers in every form that silt reads."""
import pathlib
import resource
import signal
import subprocess

import pytest

from programs import Process
from test_oracle import compare

COMMANDS = ["report", "types", "maps", "goroutines"]

# When and how it was taken. A core has no clock, so how long goroutines have waited is not known, and none of the
# kernel's figures of memory.
TIMES = {"target", "capture", "timing_ns", "peak_bytes", "memory", "wait_ns", "longest_wait_ns"}


# What is in strings is asked of the live process, and is in no snapshot; a kernel's core has it.
ONLY_LIVE = "equal strings were not looked for"


def without_times(value):
    if isinstance(value, list):
        return [without_times(item) for item in value if not str(item).startswith(ONLY_LIVE)]
    if isinstance(value, dict):
        return {key: without_times(item) for key, item in value.items() if key not in TIMES}
    return value


def answers(silt, target):
    return {command: silt.json(command, target, "--limit=0") for command in COMMANDS}


def take_gcore(process, directory):
    """gdb's core; its name is of gdb's choosing."""
    done = subprocess.run(["gcore", "-o", directory / "gcore", str(process.pid)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    path = directory / ("gcore.%d" % process.pid)
    assert path.exists(), done.stdout
    return path


def why_no_kernel_core():
    """Why the kernel would not leave a core in the working directory here, or None."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith("|") or "/" in pattern:
        return "core_pattern %s leads elsewhere" % pattern
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        return "the hard limit of core files is not unlimited"
    return None


def take_kernel_core(process, directory):
    """Ends the process: with GOTRACEBACK=crash the runtime raises SIGABRT when it has shown its stacks."""
    resource.prlimit(process.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
    process.signal(signal.SIGABRT)
    process.signal(signal.SIGCONT)
    _, stacks = process.wait()
    [path] = directory.glob("core*")
    assert "goroutine 1 " in stacks
    return path


def snapped_again(silt, form, directory):
    """The snapshot that silt makes of a core or of a snapshot."""
    path = directory / (form.name + ".again.zst")
    done = silt.run("snap", form, "-o", path)
    assert done.returncode == 0, done.stderr
    return path


class Taken:
    """A stopped process and what was taken of it. `forms` has paths, `missing` why there is none."""

    def __init__(self, silt, program, directory):
        self.dump, self.forms, self.missing = directory / "dump", {}, {}
        with Process(program, self.dump, env={"GOTRACEBACK": "crash"}, cwd=directory) as process:
            process.signal(signal.SIGSTOP)
            self.live = answers(silt, process.pid)
            self.forms["snapshot"] = directory / "snapshot"
            done = silt.run("snap", process.pid, "-o", self.forms["snapshot"])
            assert done.returncode == 0, done.stderr
            assert process.state() == "T"  # as it was before
            self.forms["gcore"] = take_gcore(process, directory)
            self.missing["kernel"] = why_no_kernel_core()
            if not self.missing["kernel"]:
                self.forms["kernel"] = take_kernel_core(process, directory)
        for name, form in list(self.forms.items()):
            self.forms[name + " again"] = snapped_again(silt, form, directory)
        self.missing["kernel again"] = self.missing["kernel"]

    def form(self, name):
        if self.missing.get(name):
            pytest.skip(self.missing[name])
        return self.forms[name]


@pytest.fixture(scope="module")
def taken(go, programs, silt, tmp_path_factory):
    taken = Taken(silt, programs.build(go, "shapes"), tmp_path_factory.mktemp("taken"))
    yield taken
    for path in taken.forms.values():
        path.unlink()


@pytest.mark.parametrize("form", ["snapshot", "gcore", "snapshot again", "gcore again"])
@pytest.mark.parametrize("command", COMMANDS)
def test_same_answer(taken, silt, command, form):
    there = silt.json(command, taken.form(form), "--limit=0")
    assert without_times(there) == without_times(taken.live[command])


def of_program(command, answer):
    """Without what the runtime has for itself: it runs on until the kernel writes the core."""
    if command == "report":
        return [row for row in answer["holders"] if row["what"].startswith("main.") and not row["with"]]
    if command == "types":
        return [row for row in answer["types"] if "main." in row["type"]]
    if command == "maps":
        return [{key: row[key] for key in ("addr", "type", "entries", "slots")} for row in answer["maps"]]
    return [row for row in answer["groups"] if not row["system"]]


@pytest.mark.parametrize("form", ["kernel", "kernel again"])
@pytest.mark.parametrize("command", COMMANDS)
def test_same_answer_of_kernel_core(taken, silt, command, form):
    there = silt.json(command, taken.form(form), "--limit=0")
    expected = of_program(command, without_times(taken.live[command]))
    assert len(expected) > 5
    assert of_program(command, without_times(there)) == expected


@pytest.mark.parametrize("form", ["snapshot", "gcore", "kernel", "snapshot again", "gcore again", "kernel again"])
def test_heap_dump_of_form(taken, oracle, form):
    compare(oracle, taken.form(form), taken.dump)
