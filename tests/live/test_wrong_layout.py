"""A layout that is not the program's own is refused, and the refusal names the structure."""
import subprocess

import pytest

from programs import Process, VERSIONS

# The structures that the checks look at are the same in these two.
ALIKE = {"1.23", "1.24"}

# What is moved (by Go's names), by how many bytes, and what the refusal must name.
DISPLACED = [
    ("runtime.moduledata", "pcHeader", 8, "moduledata"),
    ("runtime.moduledata", "etext", -8, "moduledata"),
    ("runtime.moduledata", "end", 8, "moduledata"),
    ("runtime.moduledata", "gcdatamask", 16, "moduledata"),
    ("runtime.moduledata", "gcbssmask", -16, "moduledata"),
    ("runtime.mheap", "allspans", 8, "mheap"),
    ("runtime.mheap", "arenas", 8, "mheap"),
    ("runtime.heapArena", "spans", 8, "mheap"),
    ("runtime.mspan", "startAddr", 8, "mheap"),
    ("runtime.mspan", "elemsize", 8, "mheap"),
    ("runtime.mspan", "nelems", 2, "mheap"),
    ("runtime.mspan", "limit", 8, "mheap"),
    ("runtime.mspan", "spanclass", 1, "mspan"),
    ("runtime.mspan", "allocBits", 8, "mspan"),
    ("runtime.mspan", "largeType", 8, "mspan.largeType"),
    ("runtime.g", "stack", 8, "allgs"),
    ("runtime.g", "goid", 8, "allgs"),
    ("runtime.g", "atomicstatus", 4, "g.atomicstatus"),
    ("runtime.g", "sched", 8, "g.sched"),
    ("runtime.gobuf", "sp", 8, "g.sched"),
    ("runtime.gobuf", "pc", 8, "g.sched"),
    ("runtime.g", "stktopsp", 8, "g.stktopsp"),
    ("runtime.g", "waiting", 8, "g.waiting"),
    ("runtime.sudog", "g", 8, "sudog"),
    ("runtime.hchan", "elemtype", 8, "hchan"),
    ("runtime.hchan", "recvq", 16, "hchan"),
]


@pytest.fixture(scope="module")
def layouts(build):
    return build / "tests/layouts"


@pytest.fixture(scope="module")
def whole(go, programs, silt, tmp_path_factory):
    """With all contents: channels of what has no pointers are not in other snapshots."""
    path = tmp_path_factory.mktemp("layout") / "snapshot"
    with Process(programs.build(go, "shapes")) as process:
        done = silt.run("snap", process.pid, "--contents", "-o", path)
    assert done.returncode == 0, done.stderr
    yield path
    path.unlink()


def verdict(layouts, *arguments):
    done = subprocess.run([layouts, *map(str, arguments)], text=True, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode == 1 and "this version has no" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("other", VERSIONS)
def test_layout_of_another_version(go, layouts, whole, other):
    accepted = verdict(layouts, whole, "go" + other) == "accepted"
    if {go.version, other} != ALIKE:
        assert accepted == (go.version == other)


@pytest.mark.parametrize("structure, field, distance, named", DISPLACED)
def test_displaced_field(layouts, whole, structure, field, distance, named):
    assert named in verdict(layouts, whole, structure, field, distance)


def test_dwarf_sees_every_displaced_field(layouts, whole):
    """Of maps a program has only the structures of its own generation."""
    fields = verdict(layouts, whole, "dwarf").splitlines()
    accepted = [line.split()[1] for line in fields if line.startswith("accepted")]
    assert len(fields) > 100
    assert not [field for field in accepted if "map" not in field.lower()]
