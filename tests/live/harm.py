"""What the kernel says of a process that a capture must not change."""
import os
import pathlib
import time

SETTLED_SECONDS = 5


def threads(pid):
    return [int(path.name) for path in pathlib.Path("/proc/%d/task" % pid).iterdir()]


def children(pid):
    """Of all threads; zombies are among them."""
    return [int(child) for tid in threads(pid)
            for child in pathlib.Path("/proc/%d/task/%d/children" % (pid, tid)).read_text().split()]


def descriptors(pid):
    """{number: what it is}"""
    return {int(path.name): os.readlink(path) for path in pathlib.Path("/proc/%d/fd" % pid).iterdir()}


def mappings(pid):
    """Ranges of addresses with what may be done there; neighbours that are alike count as one."""
    joined = []
    for line in pathlib.Path("/proc/%d/maps" % pid).read_text().splitlines():
        addresses, protection, _, _, inode = line.split()[:5]
        start, end = addresses.split("-")
        if joined and joined[-1][1:] == [start, protection, inode]:
            joined[-1][1] = end
        else:
            joined.append([start, end, protection, inode])
    return joined


def status(pid, tid, field):
    for line in pathlib.Path("/proc/%d/task/%d/status" % (pid, tid)).read_text().splitlines():
        if line.startswith(field + ":"):
            return line.split()[1]
    raise KeyError(field)


def tracers(pid):
    return {status(pid, tid, "TracerPid") for tid in threads(pid)} - {"0"}


def harm(pid, before_descriptors, before_children):
    """What is wrong with it, as text; "" when nothing."""
    found = []
    if tracers(pid):
        found.append("it is traced")
    if descriptors(pid) != before_descriptors:
        found.append("descriptors %s, before %s" % (descriptors(pid), before_descriptors))
    if children(pid) != before_children:
        found.append("children %s, before %s" % (children(pid), before_children))
    return "; ".join(found)


def harm_soon(pid, before_descriptors, before_children):
    """The same, when there was time for what takes a moment."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while harm(pid, before_descriptors, before_children) and time.monotonic() < deadline:
        time.sleep(0.01)
    return harm(pid, before_descriptors, before_children)
