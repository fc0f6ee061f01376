"""The ways to capture: each gives the same answers, leaves the process as it was, and keeps its promises."""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import time

import pytest

from groups import Group, NoGroup
from harm import children, descriptors, harm_soon, mappings
from programs import Go, Process, VERSIONS
from test_bad_input import BPF_RET_K, SECCOMP_MODE_FILTER, SECCOMP_RET_ALLOW, filter_calls, refused
from test_same_answers import COMMANDS, of_program, without_times
from test_variants import held_alone

WAYS = ["stop", "precopy", "fork"]
INJECTING = ["precopy", "fork"]
LINUX_OF_PRECOPY = (6, 7)
CAPTURES_AT_ONCE = 4
PAGE = 4096
BUILDS = 5
SCRATCH = 64  # bytes that a forked copy's stack needs

# What a way that only looks may ask of ptrace(2).
HARMLESS_REQUESTS = {"PTRACE_SEIZE", "PTRACE_INTERRUPT", "PTRACE_GETREGS", "PTRACE_CONT", "PTRACE_DETACH"}


def skip_without(way):
    release = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])
    if way == "precopy" and release < LINUX_OF_PRECOPY:
        pytest.skip("pre-copy needs Linux 6.7")


def answers(silt, pid, way):
    """Of the program: its runtime's own structures change while it is idle."""
    return {command: of_program(command, without_times(silt.json(command, pid, "--limit=0", "--capture=" + way)))
            for command in COMMANDS}


class Harmed:
    """What the kernel said of a process before, to be compared with what it says now."""

    def __init__(self, pid):
        self.pid = pid
        self.before = descriptors(pid), children(pid)
        self.mappings = mappings(pid)

    def check(self):
        assert not harm_soon(self.pid, *self.before)
        assert mappings(self.pid) == self.mappings


def check_same_answers(silt, process, ways):
    expected = answers(silt, process.pid, "stop")
    assert all(len(answer) > 5 for answer in expected.values())
    harmed = Harmed(process.pid)
    for way in ways:
        assert answers(silt, process.pid, way) == expected, way
        harmed.check()
        assert process.state() == "S"


@pytest.fixture(scope="module")
def newest(trees):
    if VERSIONS[-1] not in trees:
        pytest.skip("Go %s is not at hand" % VERSIONS[-1])
    return Go(VERSIONS[-1], trees[VERSIONS[-1]])


@pytest.fixture(scope="module")
def steady(newest, programs):
    with Process(programs.build(newest, "steady"), 30) as process:
        yield process


@pytest.mark.parametrize("way", WAYS)
def test_same_answers(go, programs, silt, way):
    skip_without(way)
    with Process(programs.build(go, "shapes")) as process:
        check_same_answers(silt, process, [way, "auto"])


@pytest.mark.parametrize("variant", ["pie", "cgo", "static", "cgo-pie"])
@pytest.mark.parametrize("way", INJECTING)
def test_same_answers_of_variant(newest, programs, silt, variant, way):
    skip_without(way)
    with Process(programs.build(newest, "shapes", variant)) as process:
        check_same_answers(silt, process, [way])


def facts_of(snapshot):
    """What a snapshot says of its process: lines KEY=VALUE in a note."""
    return {key.decode(): value.decode() for key, value in re.findall(
        rb"\n(uptime_ns|start_ticks|boot_id|memory_limit_bytes)=(\S+)", snapshot.read_bytes())}


@pytest.mark.parametrize("option", ["--capture=" + way for way in WAYS] + ["--no-inject"])
def test_facts_of_the_process(steady, silt, tmp_path, option):
    skip_without(option.partition("=")[2])
    assert silt.run("snap", steady.pid, option, "--force", "-o", tmp_path / "snapshot").returncode == 0
    facts = facts_of(tmp_path / "snapshot")
    ticks = pathlib.Path("/proc/%d/stat" % steady.pid).read_text().rpartition(")")[2].split()[19]
    ran = time.clock_gettime(time.CLOCK_BOOTTIME) - int(ticks) / os.sysconf("SC_CLK_TCK")
    assert facts["start_ticks"] == ticks
    assert facts["boot_id"] == pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert ran - 60 < int(facts["uptime_ns"]) / 1e9 <= ran
    assert int(facts["memory_limit_bytes"]) >= 0
    for target in steady.pid, tmp_path / "snapshot":
        assert " · up " in silt.run(target, *([option, "--force"] if target == steady.pid else [])).stdout


@pytest.mark.parametrize("way", WAYS)
def test_goes_on_working(steady, silt, way):
    skip_without(way)
    before = descriptors(steady.pid), children(steady.pid)
    for _ in range(5):
        assert silt.json("report", steady.pid, "--capture=" + way)["capture"]["mode"] == way
        assert steady.ask("still there?") == "still there?"
    assert not harm_soon(steady.pid, *before)


@pytest.mark.parametrize("way", WAYS)
def test_stopped_process_stays_stopped(steady, silt, way):
    skip_without(way)
    steady.signal(signal.SIGSTOP)
    try:
        done = silt.run(steady.pid, "--capture=" + way)
        assert done.returncode in (0, 1) or refused(done) is None
        time.sleep(0.1)
        assert steady.state() == "T"
    finally:
        steady.signal(signal.SIGCONT)
    assert steady.ask("still there?") == "still there?"


@pytest.mark.parametrize("way", WAYS)
def test_several_at_once(steady, silt, way):
    """One captures; the others do too, or are told why not."""
    skip_without(way)
    before = descriptors(steady.pid), children(steady.pid)
    running = [subprocess.Popen([silt.path, str(steady.pid), "--capture=" + way], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(CAPTURES_AT_ONCE)]
    worked = 0
    for process in running:
        stdout, stderr = process.communicate(timeout=60)
        worked += process.returncode in (0, 1)
        if process.returncode not in (0, 1):
            refused(subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr))
    assert worked
    assert not harm_soon(steady.pid, *before)
    assert steady.ask("still there?") == "still there?"


class Traced:
    """A run of silt, and which requests of ptrace(2) and writes it made, by strace."""

    def __init__(self, silt, directory, *arguments):
        if not shutil.which("strace"):
            pytest.skip("strace is not installed")
        log = directory / "strace"
        self.done = subprocess.run(["strace", "-f", "-o", log, "-e", "trace=ptrace,process_vm_writev,open,openat",
                                    silt.path, *map(str, arguments)], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = log.read_text().splitlines()
        self.requests = {line.split("ptrace(")[1].split(",")[0].strip(") =") for line in lines if "ptrace(" in line}
        self.writes = [line for line in lines if "process_vm_writev(" in line or
                       ("/mem\"" in line and ("O_RDWR" in line or "O_WRONLY" in line))]


@pytest.mark.parametrize("way", WAYS)
def test_budget(steady, silt, tmp_path, way):
    skip_without(way)
    wishes = [steady.pid, "--pause-budget=1us", "--capture=" + way]
    traced = Traced(silt, tmp_path, *wishes)
    refused(traced.done, "--pause-budget", "--force")
    assert not traced.requests and not traced.writes
    assert silt.run(*wishes, "--force").returncode in (0, 1)


def test_budget_of_the_choice(steady, silt, tmp_path):
    traced = Traced(silt, tmp_path, steady.pid, "--pause-budget=1us")
    refused(traced.done, "--pause-budget", "--force")
    assert not traced.requests and not traced.writes
    assert silt.run(steady.pid, "--pause-budget=1us", "--force").returncode in (0, 1)


def test_no_injection(steady, silt, tmp_path):
    for way in INJECTING:
        traced = Traced(silt, tmp_path, steady.pid, "--no-inject", "--capture=" + way)
        refused(traced.done, "--no-inject")
        assert not traced.requests and not traced.writes
    for wishes in (["--no-inject", "--force"], ["--capture=stop"]):
        traced = Traced(silt, tmp_path, steady.pid, *wishes)
        assert traced.done.returncode in (0, 1)
        assert "PTRACE_SEIZE" in traced.requests <= HARMLESS_REQUESTS and not traced.writes


@pytest.mark.parametrize("way", INJECTING)
def test_injection_is_seen(steady, silt, tmp_path, way):
    """That test_no_injection would see it."""
    skip_without(way)
    assert "PTRACE_SETREGS" in Traced(silt, tmp_path, steady.pid, "--capture=" + way).requests


def allow_everything():
    filter_calls((BPF_RET_K, 0, 0, SECCOMP_RET_ALLOW))


def test_seccomp(newest, programs, silt, tmp_path):
    with Process(programs.build(newest, "steady"), 30, preexec_fn=allow_everything) as process:
        assert process.status("Seccomp") == str(SECCOMP_MODE_FILTER)
        for way in INJECTING:
            traced = Traced(silt, tmp_path, process.pid, "--capture=" + way)
            refused(traced.done, "seccomp")
            assert not traced.requests and not traced.writes
        refused(silt.run(process.pid, "--pause-budget=1us"), "seccomp", "--force")
        traced = Traced(silt, tmp_path, process.pid, "--force")
        assert traced.done.returncode in (0, 1) and traced.requests <= HARMLESS_REQUESTS
        assert process.ask("still there?") == "still there?"


def data_end(program):
    """Where the last segment ends that can be written to (readelf -l, ELF specification)."""
    text = subprocess.check_output(["readelf", "-lW", program], text=True)
    return max(int(words[2], 16) + int(words[5], 16) for words in map(str.split, text.splitlines())
               if words and words[0] == "LOAD" and "W" in words[6])


def build_with_full_page(go, programs, directory):
    """The program shapes, with so many bytes more that its data ends at the end of a page."""
    source, program = directory / "source", directory / "program"
    shutil.copytree(programs.sources / "shapes", source)
    size = 1
    for _ in range(BUILDS):
        (source / "pad.go").write_text(
            "package main\n\nvar pad [%d]byte\n\nfunc init() { pad[len(pad)-1] = 1 }\n" % size)
        go.run("build", "-o", program, ".", cwd=source, env={"CGO_ENABLED": "0"})
        room = -data_end(program) % PAGE
        if room < SCRATCH:
            return program
        size += room
    pytest.skip("no program with a full last page could be built")
    return None


def test_no_room_behind_data(newest, programs, silt, tmp_path):
    """The forked copy's stack goes below that of a thread then."""
    with Process(build_with_full_page(newest, programs, tmp_path)) as process:
        check_same_answers(silt, process, ["fork"] * 3)


def group_of(controller, process):
    """A control group for the process."""
    try:
        group = Group(controller)
    except NoGroup as reason:
        pytest.skip(str(reason))
    group.add(process.pid)
    return group


def test_memory_of_group(newest, programs, silt):
    """A fork that may not fit is refused; one that fits is not."""
    with Process(programs.build(newest, "steady"), 30) as process, group_of("memory", process) as group:
        process.ask("still there?")
        group.leave_room(1 << 16)
        refused(silt.run(process.pid, "--capture=fork"), "control group", "memory.max")
        assert silt.run(process.pid, "--capture=stop").returncode in (0, 1)
        group.leave_room(1 << 30)
        assert silt.run(process.pid, "--capture=fork").returncode in (0, 1)
        assert process.ask("still there?") == "still there?"


def test_tasks_of_group(newest, programs, silt):
    """The probe says it, and so does the kernel when the probe is skipped."""
    with Process(programs.build(newest, "steady"), 30) as process, group_of("pids", process) as group:
        before = descriptors(process.pid), children(process.pid)
        group.leave_room(0)
        refused(silt.run(process.pid, "--capture=fork"), "control group", "pids.max")
        refused(silt.run(process.pid, "--capture=fork", "--force"), "RLIMIT_NPROC", "pids.max")
        assert not harm_soon(process.pid, *before)
        group.leave_room(10)
        assert silt.run(process.pid, "--capture=fork").returncode in (0, 1)
        assert process.ask("still there?") == "still there?"


def test_no_descriptor_left(newest, programs, silt):
    """Pre-copy needs one of the process; another way does then."""
    skip_without("precopy")
    wishes = ["--pause-budget=1us", "--force"]
    with Process(programs.build(newest, "steady"), 30) as process:
        assert silt.json("report", process.pid, *wishes)["capture"]["mode"] == "precopy"
        before = descriptors(process.pid), children(process.pid)
        used = 1 + max(map(int, before[0]))
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (used, used))
        refused(silt.run(process.pid, "--capture=precopy"), "userfaultfd", "--capture=fork")
        assert silt.json("report", process.pid, *wishes)["capture"]["mode"] in ("fork", "stop")
        assert not harm_soon(process.pid, *before)
        assert process.ask("still there?") == "still there?"


def test_no_capability(steady, silt):
    """Root without CAP_SYS_PTRACE is not allowed to look at a process that has it."""
    if os.getuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("root and setpriv are needed")
    for way in WAYS:
        done = subprocess.run(["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", silt.path,
                               str(steady.pid), "--capture=" + way], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        refused(done, "not allowed", "CAP_SYS_PTRACE")
    assert steady.ask("still there?") == "still there?"


class Contained(Process):
    """A program in pid and mount namespaces of its own, with a path that is nowhere else."""

    def __init__(self, program, directory, arguments=""):
        script = "mount -t tmpfs tmpfs %s && cp %s %s/inside && exec %s/inside %s" % (
            directory, program, directory, directory, arguments)
        super().__init__("unshare", "-pfm", "--mount-proc", "sh", "-c", script)
        self.parent = super().pid
        [self.inner] = children(self.parent)

    @property
    def pid(self):
        return getattr(self, "inner", self.process.pid)

    def stop(self):
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)
            self.wait()


def skip_without_namespaces():
    if os.getuid() != 0 or subprocess.run(["unshare", "-pfm", "--mount-proc", "true"]).returncode:
        pytest.skip("namespaces cannot be made")


@pytest.mark.parametrize("way", WAYS)
def test_running_in_namespace(newest, programs, silt, tmp_path, way):
    """Where a goroutine runs is told by its thread, which has another number here than the runtime knows."""
    skip_without(way)
    skip_without_namespaces()
    with Contained(programs.build(newest, "pauses"), tmp_path, "100 0") as process:
        assert process.status("NSpid") == str(process.pid)
        found = silt.json("goroutines", process.pid, "--limit=0", "--capture=" + way)["goroutines"]
        [top] = [row["top"] for row in found if row["entry"] == "main.write"]
        assert top.startswith("main.write at main.go:")


@pytest.mark.parametrize("way", WAYS)
def test_namespaces(newest, programs, silt, tmp_path, way):
    skip_without(way)
    skip_without_namespaces()
    with Contained(programs.build(newest, "shapes"), tmp_path) as process:
        assert process.status("NSpid") == str(process.pid)
        assert not (tmp_path / "inside").exists()
        before = descriptors(process.pid), children(process.pid)
        report = silt.json("report", process.pid, "--limit=0", "--capture=" + way)
        assert report["capture"]["mode"] == way
        assert report["target"]["exe"] == str(tmp_path / "inside") and not report["target"]["stripped"]
        for name, fact in process.facts("retained").items():
            assert held_alone(report)[int(fact["bytes"]), int(fact["objects"])] == name
        assert not harm_soon(process.pid, *before)
        assert process.alive()


