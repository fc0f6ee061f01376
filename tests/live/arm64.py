"""Programs of linux/arm64, run by qemu-user, and the core files that it writes of them."""
import resource
import shutil
import signal

import pytest

from programs import Process


def emulator():
    """Debian's qemu-user, or the static one."""
    return shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")


def allow_cores():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)


class Guest(Process):
    """A program whose core is taken: the runtime raises SIGABRT when it has shown its stacks."""

    def __init__(self, program, directory, *arguments):
        if not emulator():
            pytest.skip("qemu-user is not installed")
        if not resource.getrlimit(resource.RLIMIT_CORE)[1]:
            pytest.skip("the hard limit of core files is 0")
        super().__init__(emulator(), program, *arguments, env={"GOTRACEBACK": "crash"}, cwd=directory,
                         preexec_fn=allow_cores)
        self.directory = directory

    def crash(self):
        """The core of the program, not that of qemu, which the kernel may write beside it."""
        self.signal(signal.SIGABRT)
        _, stacks = self.wait()
        for other in self.directory.glob("core*"):
            other.unlink()
        [core] = self.directory.glob("qemu_*.core")
        assert "goroutine 1 " in stacks
        return core
