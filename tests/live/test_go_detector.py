"""Go's own test programs for its detector of leaked goroutines (runtime/testdata/testgoroutineleakprofile),
built from the Go tree: silt looks at each of them first, then the runtime makes its profile of the same process."""
import concurrent.futures
import json
import re

import pytest

from programs import Process

ENVIRONMENT = {"1.26": {"GOEXPERIMENT": "goroutineleakprofile"}}  # later it is always there
SOURCES = "src/runtime/testdata/testgoroutineleakprofile"
PROFILE = "src/runtime/pprof/pprof.go"
CALL = "\truntime_goroutineLeakGC()\n"  # with it the profile begins
SETTLE = 0.3  # seconds; goroutines of the programs are still on their way to where they get stuck
SETTLE_LONG = 6
SETTLED_SHARE = 0.8
STUCK = ("chan ", "select", "sync.")  # how the wait reasons of the detector begin

# What is put before the profile: the first time, the program waits until silt has looked at it.
LOOK = """package pprof

import (
	"os"
	"sync"
)

var look sync.Once

func waitForLook() {
	look.Do(func() {
		os.Stdout.WriteString("READY\\n")
		var answer [1]byte
		os.Stdin.Read(answer[:])
	})
}
"""

STARTING = {"SpawnGC"}  # makes its profile while its goroutines are being started
RUNNING = {"Cockroach2448"}  # its goroutines wait for timers as well, and get stuck over seconds


def overlay(go, directory):
    """The file for go build -overlay."""
    profile = go.root / PROFILE
    source = profile.read_text()
    assert source.count(CALL) == 1
    patched, look = directory / "pprof.go", directory / "look.go"
    patched.write_text(source.replace(CALL, "\twaitForLook()\n" + CALL))
    look.write_text(LOOK)
    listed = directory / "overlay.json"
    listed.write_text(json.dumps({"Replace": {str(profile): str(patched),
                                              str(profile.with_name("look.go")): str(look)}}))
    return listed


def cases(sources):
    """The names that the programs of a directory register."""
    names = set()
    for path in sources.glob("*.go"):
        names.update(re.findall(r'^\tregister\("(\w+)"', path.read_text(), re.MULTILINE))
    return names


class Detector:
    """The two test programs of one Go version."""

    def __init__(self, go, directory):
        self.programs = {}
        listed = overlay(go, directory)
        for name, part in {"simple": "", "goker": "goker"}.items():
            output = directory / name
            go.run("build", "-overlay", listed, "-o", output, ".", cwd=go.root / SOURCES / part,
                   env=dict(ENVIRONMENT.get(go.version, {}), CGO_ENABLED="0"))
            self.programs[name] = (output, cases(go.root / SOURCES / part))


class Look:
    """What silt proves of a case and what the runtime then reports."""

    def __init__(self, silt, path, case, settle):
        self.case = case
        with Process(path, case, settle=settle, env={"GODEBUG": "asyncpreemptoff=1"}) as process:
            rows = silt.json("goroutines", process.pid, "--limit=0")["goroutines"]
            profile, _ = process.process.communicate("\n", timeout=60)
        self.rows = {row["goid"]: row for row in rows}
        self.proved = {row["goid"] for row in rows if row["verdict"] == "never-wakes"}
        self.reported = {int(goid) for goid in
                         re.findall(r"^goroutine (\d+) .*\(leaked\)", profile, re.MULTILINE)}

    def settled(self):
        """Were all that the runtime reports stuck already when silt looked?"""
        return all(goid in self.rows and self.rows[goid]["wait_reason"].startswith(STUCK)
                   for goid in self.reported)

    def how(self, goids):
        """In which functions they wait for what."""
        return {(self.rows[goid]["wait_reason"], self.rows[goid]["entry"]) for goid in goids}

    def differences(self):
        """Missed, and proved in a way that the runtime reports nobody to be stuck in. (Of several that are
        stuck in one way it may leave some out, whose lock lies beside something that lives.)"""
        missed = self.how(self.reported - self.proved)
        wrong = self.how(self.proved - self.reported) - self.how(self.reported)
        return (self.case, missed, wrong) if missed or wrong else None


@pytest.fixture(scope="module")
def detector(go, tmp_path_factory):
    return Detector(go, tmp_path_factory.mktemp("detector"))


@pytest.mark.since("1.26")
@pytest.mark.parametrize("program", ["simple", "goker"])
def test_same_goroutines(silt, detector, program, long):
    path, names = detector.programs[program]
    assert len(names) > 20
    settle, left_out = (SETTLE_LONG, STARTING) if long else (SETTLE, STARTING | RUNNING)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        looks = list(pool.map(lambda name: Look(silt, path, name, settle), sorted(names - left_out)))
    settled = [found for found in looks if found.settled()]
    assert len(settled) >= SETTLED_SHARE * len(looks)
    assert not [found.differences() for found in settled if found.differences()]
