"""The memory in a core file, read by the ELF format alone (elf.h), without silt."""
import bisect
import mmap
import struct

PT_LOAD = 1
PN_XNUM = 0xffff
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
PAGE = 4096


class Missing(Exception):
    """Memory that the core does not have."""


class Core:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.segments = sorted(self.loads())
        self.starts = [segment[0] for segment in self.segments]

    def loads(self):
        at, sections = struct.unpack_from("<QQ", self.bytes, 32)
        size, count = struct.unpack_from("<HH", self.bytes, 54)
        if count == PN_XNUM:  # then sh_info of the first section has it
            [count] = struct.unpack_from("<I", self.bytes, sections + 44)
        for i in range(count):
            kind, _, offset, address, _, length, _, _ = PROGRAM_HEADER.unpack_from(self.bytes, at + i * size)
            if kind == PT_LOAD:
                yield address, length, offset

    def read(self, address, length):
        read = b""
        while len(read) < length:
            at = address + len(read)
            i = bisect.bisect_right(self.starts, at) - 1
            start, size, offset = self.segments[i] if i >= 0 else (0, 0, 0)
            if at >= start + size:
                raise Missing(hex(at))
            take = min(length - len(read), start + size - at)
            read += self.bytes[offset + at - start:offset + at - start + take]
        return read

    def words(self, address, count):
        return struct.unpack("<%dQ" % count, self.read(address, 8 * count))

    def word(self, address):
        return self.words(address, 1)[0]
