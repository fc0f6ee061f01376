"""Cores of programs that the runtime ended: the report begins with what the runtime said on its way out."""
import os
import pathlib
import re
import resource
import subprocess

import pytest

CORE_PATTERN = pathlib.Path("/proc/sys/kernel/core_pattern")
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def crash(path, how, directory):
    """The core that the kernel writes, and what the runtime prints: {goid: its traceback}, and the message."""
    if CORE_PATTERN.read_text().strip() not in ("core", "core.%p") or \
            resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        pytest.skip("the kernel does not write cores here: core_pattern is %r" % CORE_PATTERN.read_text().strip())
    done = subprocess.run([path, how], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=60, env=dict(os.environ, GOTRACEBACK="crash", GOMAXPROCS="2"),
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, UNLIMITED))
    [core] = directory.glob("core*")
    return Crash(core, done.stderr)


class Crash:
    def __init__(self, core, said):
        self.core = core
        self.message = re.search(r"^fatal error: (.*)$", said, re.M).group(1)
        parts = re.split(r"^goroutine (\d+) ", said, flags=re.M)
        self.tracebacks = dict(zip(map(int, parts[1::2]), parts[2::2]))

    def in_function(self, name):
        return {goid for goid, text in self.tracebacks.items() if name in text}


@pytest.fixture(params=["plain", "stripped"])
def program(request, go, programs):
    return programs.build(go, "crashes", request.param)


def check(silt, crash):
    report = silt.json("report", crash.core, "--limit=0")
    text = silt.run("report", crash.core).stdout
    assert report["crash"]["fatal_error"] == crash.message
    assert text.splitlines()[1] == "fatal error: " + crash.message
    snapshot = crash.core.with_name("snapshot")
    assert silt.run("snap", crash.core, "-o", snapshot).returncode == 0
    assert silt.json("report", snapshot, "--limit=0")["crash"] == report["crash"]
    return report


@pytest.mark.oldest_and_newest
def test_all_asleep(silt, program, tmp_path):
    crashed = crash(program, "all-asleep", tmp_path)
    report = check(silt, crashed)
    assert {row["goid"] for row in report["crash"]["goroutines"]} == crashed.in_function("main.")
    [deadlock] = [row for row in report["findings"] if row["kind"] == "deadlock"]
    assert deadlock["tier"] == "proved" and deadlock["behind"] == 1
    assert {int(goid) for goid in deadlock["goids"].split(",")} == crashed.in_function("main.lockBoth")
    if "stripped" not in program.name:
        assert sorted(deadlock["locks"].split(", ")) == ["sync.Mutex main.first", "sync.Mutex main.second"]


@pytest.mark.oldest_and_newest
def test_concurrent_map_writes(silt, program, tmp_path):
    crashed = crash(program, "map-writes", tmp_path)
    crash_of = check(silt, crashed)["crash"]
    [cause] = [row for row in crash_of["goroutines"] if row["cause"]]
    assert cause["goid"] in crashed.in_function("runtime.fatal")
    # Of another one that runs the runtime prints only who made it.
    assert {row["goid"] for row in crash_of["goroutines"]} <= crashed.in_function("created by main.mapWrites")
    assert crash_of["map_type"] == "map[string]int"
    if "stripped" not in program.name:
        assert crash_of["map"] == "main.shared.count"
