"""A snapshot is all that is needed: read where its executable is not, by debuggers, and in compressed form."""
import json
import re
import shutil
import signal
import struct
import subprocess

import pytest

from programs import Process
from test_same_answers import COMMANDS

# zstd's contrib/seekable_format/zstd_seekable_compression_format.md
SKIPPABLE, SEEKABLE, FRAME = 0x184d2a5e, 0x8f92eab1, 1 << 20

# Of one file: what differs from run to run.
COSTS = {"timing_ns", "peak_bytes", "elapsed_ns"}


def without_costs(value):
    if isinstance(value, list):
        return [without_costs(item) for item in value]
    if isinstance(value, dict):
        return {key: without_costs(item) for key, item in value.items() if key not in COSTS}
    return value


def answers(silt, target, *arguments):
    found = {command: without_costs(silt.json(command, target, "--limit=0", *arguments)) for command in COMMANDS}
    assert all(len(json.dumps(answer)) > 1000 for answer in found.values())
    return found


def report(silt, target):
    return without_costs(silt.json("report", target, "--limit=0"))


def but_for(answers, *keys):
    """Without some facts of the target itself."""
    for answer in answers.values():
        for key in keys:
            del answer["target"][key]
    return answers


class Away:
    """A snapshot of a stopped program, and what it answers while the executable is there: `here`."""

    def __init__(self, silt, program, directory):
        self.silt, self.exe, self.snapshot = silt, directory / "program", directory / "snapshot"
        shutil.copy(program, self.exe)
        with Process(self.exe) as process:
            process.signal(signal.SIGSTOP)
            done = silt.run("snap", process.pid, "--force", "-o", self.snapshot)
            assert done.returncode == 0, done.stderr
        self.here = answers(silt, self.snapshot)

    def move(self, directory):
        directory.mkdir()
        self.snapshot = self.snapshot.rename(directory / "moved")
        self.exe.unlink()


@pytest.fixture(scope="module")
def stripped_away(go, programs, silt, tmp_path_factory):
    directory = tmp_path_factory.mktemp("away")
    yield Away(silt, programs.build(go, "shapes", "stripped"), directory)
    shutil.rmtree(directory)


def test_without_executable(stripped_away, silt, tmp_path):
    away = stripped_away
    away.move(tmp_path / "empty")
    assert answers(silt, away.snapshot) == away.here
    assert "--exe" in silt.run(away.snapshot).stdout.splitlines()[0]
    # Something else, where the program was.
    shutil.copy("/bin/sleep", away.exe)
    assert report(silt, away.snapshot) == away.here["report"]
    away.exe.unlink()
    away.exe.mkdir()
    assert report(silt, away.snapshot) == away.here["report"]


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("variant", ["plain", "pie", "static", "cgo-pie"])
def test_names_are_all_that_the_executable_adds(go, programs, silt, tmp_path, variant):
    """Without it, as with a copy of it that was stripped."""
    away = Away(silt, programs.build(go, "shapes", variant), tmp_path)
    stripped = tmp_path / "stripped"
    subprocess.run(["strip", "-o", stripped, away.exe], check=True)
    expected = but_for(answers(silt, away.snapshot, "--exe", stripped), "exe")
    away.move(tmp_path / "empty")
    assert but_for(answers(silt, away.snapshot), "exe") == expected
    assert away.here["report"]["target"]["stripped"] is False


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("variant", ["plain", "cgo-pie"])
def test_with_debug_file(go, programs, silt, tmp_path, variant):
    """The names are in a file of their own, the program is nowhere but in the snapshot."""
    away = Away(silt, programs.build(go, "shapes", variant), tmp_path)
    debug = tmp_path / "debug"
    subprocess.run(["objcopy", "--only-keep-debug", away.exe, debug], check=True)
    away.move(tmp_path / "empty")
    found = answers(silt, away.snapshot, "--exe", debug)
    assert but_for(found, "debug_file", "stripped") == but_for(away.here, "debug_file", "stripped")


def test_another_build(newest, programs, silt, tmp_path):
    """Of the same program, at its place: its build id tells it apart."""
    away = Away(silt, programs.build(newest, "shapes", "stripped"), tmp_path)
    newest.run("build", "-ldflags=-X main.other=build", "-trimpath", "-o", away.exe, ".",
               cwd=programs.sources / "shapes", env={"CGO_ENABLED": "0"})
    assert report(silt, away.snapshot) == away.here["report"]


def gdb(program, core, *commands):
    if not shutil.which("gdb"):
        pytest.skip("gdb is not installed")
    arguments = [part for command in commands for part in ("-ex", command)]
    return subprocess.run(["gdb", "-nx", "-batch", *arguments, str(program), str(core)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout


def test_gdb(newest, programs, silt, tmp_path):
    away = Away(silt, programs.build(newest, "shapes"), tmp_path)
    threads = gdb(away.exe, away.snapshot, "info threads", "print 'runtime.allglen'", "x/i 'main.main'")
    assert "warning: Unexpected" not in threads
    assert len(re.findall(r"LWP \d+", threads)) >= 3, threads
    goroutines = sum(group["count"] for group in away.here["goroutines"]["groups"])
    assert int(re.search(r"\$1 = (\d+)", threads).group(1)) >= goroutines > 5
    assert re.search(r"<main\.main>:\s+\w+", threads), threads


def test_delve(newest, programs, silt, tmp_path):
    if not shutil.which("dlv"):
        pytest.skip("delve (dlv) is not installed")
    away = Away(silt, programs.build(newest, "shapes"), tmp_path)
    done = subprocess.run(["dlv", "core", away.exe, away.snapshot, "--allow-non-terminal-interactive=true"],
                          input="goroutines\nexit\n", text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert "main." in done.stdout and re.search(r"\[\d+ goroutines\]", done.stdout), done.stdout


def zstd(*arguments):
    if not shutil.which("zstd"):
        pytest.skip("zstd is not installed")
    return subprocess.run(["zstd", "-q", *map(str, arguments)], check=True, stdout=subprocess.PIPE).stdout


def frames(packed):
    """(offset, bytes, bytes expanded) of each frame, by the table at the end of the file alone."""
    count, flags, magic = struct.unpack("<IBI", packed[-9:])
    assert (flags, magic) == (0, SEEKABLE)
    table = len(packed) - 9 - 8 * count
    assert struct.unpack_from("<II", packed, table - 8) == (SKIPPABLE, 8 * count + 9)
    at = 0
    for length, plain in struct.iter_unpack("<II", packed[table:-9]):
        yield at, length, plain
        at += length
    assert at == table - 8


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("way", ["stop", "precopy", "fork"])
def test_compressed(go, programs, silt, tmp_path, way):
    """zstd makes an ELF core of it, each frame is found and expanded alone, and the answers are the same."""
    packed, plain = tmp_path / "snapshot.zst", tmp_path / "plain"
    with Process(programs.build(go, "shapes")) as process:
        done = silt.run("snap", process.pid, "--capture=" + way, "--force", "-o", packed)
        assert done.returncode == 0, done.stderr
    zstd("-t", packed)
    zstd("-d", packed, "-o", plain)
    assert subprocess.check_output(["readelf", "-h", plain], text=True).count("CORE (Core file)") == 1
    found, bytes_there = list(frames(packed.read_bytes())), plain.read_bytes()
    assert len(found) > 3 and packed.stat().st_size < len(bytes_there) / 2
    assert [length for _, _, length in found] == \
        [FRAME] * (len(bytes_there) // FRAME) + [len(bytes_there) % FRAME] * (len(bytes_there) % FRAME > 0)
    for number in 0, 2, len(found) - 1:
        at, length, _ = found[number]
        frame = tmp_path / "frame.zst"
        frame.write_bytes(packed.read_bytes()[at:at + length])
        assert zstd("-dc", frame) == bytes_there[number * FRAME:(number + 1) * FRAME]
    assert answers(silt, packed) == answers(silt, plain)


def test_compressed_by_others(newest, programs, silt, tmp_path):
    """Without a table of frames, as systemd-coredump writes its cores."""
    away = Away(silt, programs.build(newest, "shapes"), tmp_path)
    zstd("-3", away.snapshot, "-o", tmp_path / "other")
    assert report(silt, tmp_path / "other") == away.here["report"]


def test_memory_does_not_grow(newest, programs, silt, tmp_path):
    """With the heap, while a snapshot is compressed; what is held back during the pause has an upper limit."""
    peaks = []
    for megabytes in 40, 240:
        with Process(programs.build(newest, "steady"), megabytes, settle=0) as process:
            done = subprocess.run(["/usr/bin/time", "-f", "%M", silt.path, "snap", str(process.pid), "--capture=precopy",
                                   "--force", "-o", tmp_path / "snapshot.zst"], text=True, stderr=subprocess.PIPE)
            assert done.returncode == 0, done.stderr
            peaks.append(int(done.stderr.split()[-1]) >> 10)
    assert peaks[1] - peaks[0] < 40, peaks
