"""Control groups (cgroups(7)) made for a test, in version 2 or 1, whichever has the controller here."""
import os
import pathlib

TOP = pathlib.Path("/sys/fs/cgroup")
FILES = {  # (controller, version): the files that say how much is used and may be
    ("memory", 2): ("memory.current", "memory.max"),
    ("memory", 1): ("memory.usage_in_bytes", "memory.limit_in_bytes"),
    ("pids", 2): ("pids.current", "pids.max"),
    ("pids", 1): ("pids.current", "pids.max"),
}


class NoGroup(Exception):
    """None can be made here; says why."""


def places(controller):
    """[(version, directory in which a group can be made)]"""
    enabled = TOP / "cgroup.subtree_control"
    if enabled.exists() and controller in enabled.read_text().split():
        yield 2, TOP
    if (TOP / controller).is_dir():
        yield 1, TOP / controller


class Group:
    """A group below the top, for the processes that are added to it, until the end of the block."""

    def __init__(self, controller):
        for version, directory in places(controller):
            self.path = directory / ("silt-test-%d" % os.getpid())
            self.used, self.limit = FILES[controller, version]
            try:
                self.path.mkdir()
                return
            except OSError as problem:
                raise NoGroup("no control group can be made: %s" % problem)
        raise NoGroup("the controller %s is not to be had" % controller)

    def add(self, pid):
        (self.path / "cgroup.procs").write_text(str(pid))

    def leave_room(self, amount):
        """The limit becomes what is used now and so much."""
        used = int((self.path / self.used).read_text())
        (self.path / self.limit).write_text(str(used + amount))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in (self.path / "cgroup.procs").read_text().split():
            (self.path.parent / "cgroup.procs").write_text(pid)
        self.path.rmdir()
