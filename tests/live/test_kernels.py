"""Other kernels than this one: captures on them, and the cores that they write."""
import json
import subprocess

import pytest

from conftest import PROJECT
from machine import Kernel
from test_oracle import compare

AMD64, ARM64 = [(5, 10), (6, 1), (6, 12)], (6, 1)  # of Debian
PRECOPY_SINCE = (6, 7)
WAYS = ["stop", "precopy", "fork", "auto"]
FOUND = (0, 1)  # exit statuses of silt

# Of a server at work, which checks itself, and of a program that does nothing, where all captures are the same.
CAPTURES = """
start server
server=$! port=$(sed -n 's/^READY //p' said-server)
check() { wget -q -O - http://127.0.0.1:$port/check; }

check >check-before
for way in %s; do
	silt types $server --json --force --capture=$way >busy-$way 2>error-$way
	echo $? >status-$way
	check >check-$way
done
grep TracerPid /proc/$server/status >tracer
ls -l /proc/$server/fd | grep -c userfaultfd >userfaults

start shapes
for way in %s; do silt types $! --json --limit=0 --force --capture=$way >idle-$way; done
silt snap $! --force -o /tmp/snapshot.zst
silt types /tmp/snapshot.zst --json --limit=0 >idle-snapshot
dmesg | grep -E 'BUG|Oops|WARNING' >complaints
""" % (" ".join(WAYS), " ".join(WAYS))

CRASH = """
echo /out/core >/proc/sys/kernel/core_pattern
echo 0 >/proc/sys/kernel/core_uses_pid
ulimit -c unlimited
export GOTRACEBACK=crash
start shapes /out/dump
sleep 1
kill -ABRT $!
wait $!
"""


@pytest.fixture(scope="session")
def kernels(long):
    if not long:
        pytest.skip("other kernels are part of --long")
    lines = subprocess.check_output([PROJECT / "scripts/kernels"], text=True).splitlines()
    return {(kernel.architecture, kernel.version): kernel for kernel in map(Kernel, lines)}


def kernel_of(kernels, architecture, version):
    kernel = kernels.get((architecture, version))
    if not kernel:
        pytest.skip("this kernel is not at hand")
    if not kernel.emulated():
        pytest.skip("qemu-system is not installed")
    return kernel


def own_types(report):
    """Not those of the runtime, whose threads and timers go on."""
    return [row for row in report["types"] if "main." in row["type"]]


@pytest.mark.parametrize("number", AMD64, ids=str)
def test_captures(newest, programs, static, kernels, tmp_path, number):
    """Each way that the kernel has works, does the target no harm, and says what the others say."""
    kernel = kernel_of(kernels, "amd64", number)
    server = programs.build(newest, "../faults/server")
    kernel.run(tmp_path, CAPTURES, {"silt": static, "server": server, "shapes": programs.build(newest, "shapes")})

    def said(name):
        return (tmp_path / name).read_text().strip()

    ways = [way for way in WAYS if way != "precopy" or number >= PRECOPY_SINCE]
    for way in ways:
        assert int(said("status-" + way)) in FOUND, said("error-" + way)
        assert json.loads(said("busy-" + way))["capture"]["mode"] == way or way == "auto"
    if "precopy" not in ways:
        assert said("status-precopy") == "3" and said("error-precopy").endswith("it needs Linux 6.7")
    for name in ["before", *WAYS]:
        assert said("check-" + name).startswith("ok "), said("check-" + name) + said("said-server")
    assert said("tracer").split() == ["TracerPid:", "0"] and said("userfaults") == "0" and not said("complaints")
    types = [own_types(json.loads(said("idle-" + name))) for name in [*ways, "snapshot"]]
    assert len(types[0]) > 20 and all(other == types[0] for other in types)


def check_core(kernel, program, silt, oracle, directory):
    """The core that the kernel writes, and the snapshot that silt makes of it."""
    kernel.run(directory, CRASH, {"shapes": program})
    core, snapshot = directory / "core", directory / "snapshot.zst"
    compare(oracle, core, directory / "dump", program)
    report = silt.json("report", core, "--exe", program)
    assert report["target"]["arch"] == kernel.architecture
    assert silt.run("snap", core, "--exe", program, "-o", snapshot).returncode == 0
    compare(oracle, snapshot, directory / "dump")
    core.unlink()


@pytest.mark.parametrize("number", AMD64, ids=str)
def test_core(newest, programs, silt, oracle, kernels, tmp_path, number):
    check_core(kernel_of(kernels, "amd64", number), programs.build(newest, "shapes"), silt, oracle, tmp_path)


def test_core_arm64(go, programs, silt, oracle, kernels, tmp_path):
    check_core(kernel_of(kernels, "arm64", ARM64), programs.build(go, "shapes", "arm64"), silt, oracle, tmp_path)
