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

# As docker pause does it; after that out of silt's sight. What was asked of the server meanwhile shall not
# happen when it goes on: it has no copy, and no descriptor of ours.
FROZEN = """
start server
server=$! port=$(sed -n 's/^READY //p' said-server)
mkdir /tmp/groups
mount -t cgroup2 groups /tmp/groups
mkdir /tmp/groups/pod
echo $server >/tmp/groups/pod/cgroup.procs
echo 1 >/tmp/groups/pod/cgroup.freeze
while ! grep -q 'frozen 1' /tmp/groups/pod/cgroup.events; do sleep 0.1; done

take() {
	for way in %s; do
		silt types $server --json --force --capture=$way >$1-$way 2>$1-error-$way
		echo $? >$1-status-$way
	done
}
take seen
umount -l /tmp/groups
take unseen
mount -t cgroup2 groups /tmp/groups
echo 0 >/tmp/groups/pod/cgroup.freeze

wget -q -O - http://127.0.0.1:$port/check >check
ls -l /proc/$server/fd | grep -c userfaultfd >userfaults
for child in $(cat /proc/$server/task/*/children); do
	echo $child $(sed 's/.*) //' /proc/$child/stat) # the exit signal is field 36 behind the name, the state the first
done >children
""" % " ".join(WAYS)

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


@pytest.mark.parametrize("number", AMD64, ids=str)
def test_frozen(newest, programs, static, kernels, tmp_path, number):
    """What cannot run can be read as it stands, and nothing is made to happen later."""
    kernel = kernel_of(kernels, "amd64", number)
    server = programs.build(newest, "../faults/server")
    kernel.run(tmp_path, FROZEN, {"silt": static, "server": server})

    def said(name):
        return (tmp_path / name).read_text().strip()

    for sight, reason in ("seen", "its control group is frozen"), ("unseen", "does not run"):
        assert int(said(sight + "-status-stop")) in FOUND, said(sight + "-error-stop")
        assert json.loads(said(sight + "-stop"))["capture"]["mode"] == "stop"
        for way in ["fork"] + ["precopy"] * (number >= PRECOPY_SINCE):
            assert said(sight + "-status-" + way) == "3" and reason in said(sight + "-error-" + way)
    assert int(said("seen-status-auto")) in FOUND, said("seen-error-auto")
    assert json.loads(said("seen-auto"))["capture"]["mode"] == "stop"
    # That it did not answer while it was frozen it may say itself.
    assert said("check").startswith("ok ") or "Client.Timeout" in said("check"), said("check") + said("said-server")
    assert said("userfaults") == "0"
    children = [line.split() for line in said("children").splitlines()]  # alone: it has ended meanwhile
    assert not [child for child in children if child[1:2] == ["Z"] and child[36] == "0"]


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
