"""Programs of linux/arm64, run by qemu-user, and the core files that it writes of them."""
import os
import resource
import shutil
import signal
import struct

import pytest

from core import PROGRAM_HEADER, PT_LOAD
from programs import Process

C_COMPILER, C_ROOT = "aarch64-linux-gnu-gcc", "/usr/aarch64-linux-gnu"
PT_NOTE, PF_W, NT_FILE = 4, 2, 0x46494c45
LARGE_PAGE = 65536  # a kernel may have pages of 64 KB; Go's linker aligns segments to them


def emulator():
    """Debian's qemu-user, or the static one."""
    return shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")


def skip_without_c():
    if not shutil.which(C_COMPILER) or not os.path.isdir(C_ROOT + "/lib"):
        pytest.skip("there is no C compiler and C library for arm64 (gcc-aarch64-linux-gnu, libc6-dev-arm64-cross)")


def allow_cores():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)


class Guest(Process):
    """A program whose core is taken: the runtime raises SIGABRT when it has shown its stacks."""

    def __init__(self, program, directory, *arguments):
        if not emulator():
            pytest.skip("qemu-user is not installed")
        if not resource.getrlimit(resource.RLIMIT_CORE)[1]:
            pytest.skip("the hard limit of core files is 0")
        super().__init__(emulator(), program, *arguments, env={"GOTRACEBACK": "crash", "QEMU_LD_PREFIX": C_ROOT}, cwd=directory,
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


def headers_of(contents):
    """(place of the header, its fields) of each program header."""
    [at], (size, count) = struct.unpack_from("<Q", contents, 32), struct.unpack_from("<HH", contents, 54)
    return [(at + i * size, PROGRAM_HEADER.unpack_from(contents, at + i * size)) for i in range(count)]


def note_of_files(program):
    """NT_FILE, as fs/binfmt_elf.c writes it."""
    mapped = [fields for _, fields in headers_of(program.read_bytes()) if fields[0] == PT_LOAD]
    contents = struct.pack("<QQ", len(mapped), LARGE_PAGE)
    for _, _, offset, address, _, size, _, _ in mapped:
        end = (address + size + LARGE_PAGE - 1) // LARGE_PAGE * LARGE_PAGE
        contents += struct.pack("<QQQ", address, end, offset // LARGE_PAGE)
    contents += (str(program).encode() + b"\0") * len(mapped)
    return struct.pack("<III8s", 5, len(contents), NT_FILE, b"CORE") + contents + bytes(-len(contents) % 4)


def as_of_a_kernel(core, program):
    """The same core with a list of the mapped files, and without the pages that are as in the file."""
    contents = bytearray(core.read_bytes())
    read_only = [fields[3] // LARGE_PAGE for _, fields in headers_of(program.read_bytes())
                 if fields[0] == PT_LOAD and not fields[1] & PF_W]
    dropped = 0
    for place, (kind, flags, offset, address, physical, size, memory, align) in headers_of(contents):
        if kind == PT_LOAD and address // LARGE_PAGE in read_only:
            dropped += size
            size = 0
        elif kind == PT_NOTE:
            notes = contents[offset:offset + size] + note_of_files(program)
            offset, size = len(contents), len(notes)
            contents += notes
        PROGRAM_HEADER.pack_into(contents, place, kind, flags, offset, address, physical, size, memory, align)
    assert dropped
    core.write_bytes(contents)
