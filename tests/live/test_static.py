"""`ninja static`: one file that runs where none of our libraries are."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from programs import Process
from silt import Silt

LARGEST = 6 << 20


def test_is_small_and_needs_nothing(static):
    headers = subprocess.check_output(["readelf", "-lW", static], text=True)
    assert "INTERP" not in headers
    assert static.stat().st_size < LARGEST


def test_same_report(newest, programs, silt, static):
    with Process(programs.build(newest, "shapes")) as process:
        one, other = (tool.json("types", process.pid) for tool in (silt, Silt(static)))
    assert one["types"] == other["types"]


@pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root")
def test_alone_in_a_root(newest, programs, static, tmp_path):
    """As in a container without anything: the file and /proc."""
    root = pathlib.Path(tmp_path)
    shutil.copy(static, root / "silt")
    (root / "proc").mkdir()
    (root / "var/tmp").mkdir(parents=True)
    with Process(programs.build(newest, "shapes")) as process:
        command = 'mount -t proc proc "$1/proc" && exec chroot "$1" /silt "$2"'
        done = subprocess.run(["unshare", "-m", "sh", "-c", command, "sh", root, str(process.pid)],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode in (0, 1), done.stderr
    assert "shapes" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root")
@pytest.mark.parametrize("name", ["snapshot", "snapshot.zst"])
def test_snapshot_alone_in_a_root(newest, programs, silt, static, tmp_path, name):
    """There is nothing but silt and the snapshot: not the program, not /proc, no place for temporary files."""
    shutil.copy(static, tmp_path / "silt")
    with Process(programs.build(newest, "shapes", "stripped")) as process:
        done = silt.run("snap", process.pid, "--force", "-o", tmp_path / name)
        assert done.returncode == 0, done.stderr
    there = subprocess.run(["chroot", tmp_path, "/silt", "types", "/" + name, "--json"], text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert there.returncode in (0, 1), there.stderr
    assert json.loads(there.stdout)["types"] == silt.json("types", tmp_path / name)["types"]
