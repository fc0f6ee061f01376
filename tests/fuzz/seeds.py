#!/usr/bin/env python3
"""seeds.py DIRECTORY: writes a directory of first inputs for each fuzz target, made by hand."""
import pathlib
import struct
import sys

MAGIC = b"\xff Go buildinf:"
AMD64, ARM64, EXEC, CORE, LOAD, NOTE = 62, 183, 2, 4, 1, 4


def u32(*values):
	return struct.pack("<%dI" % len(values), *values)


def u64(*values):
	return struct.pack("<%dQ" % len(values), *values)


def buildinfo():
	version, modules = b"go1.26.1", b"0" * 16 + b"path\tmain\nmod\tm\n" + b"1" * 16
	strings = b"".join(bytes([len(text)]) + text for text in (version, modules))
	return MAGIC + bytes([8, 2]) + bytes(16) + strings


def note(owner, kind, contents):
	owner += b"\0"
	pad = lambda data: data + bytes(-len(data) % 4)
	return u32(len(owner), len(contents), kind) + pad(owner) + pad(contents)


def elf(kind, segments, sections, machine=AMD64):
	"""segments: (type, address, bytes); sections: (name, type, address, bytes, link, entry size)."""
	body, headers, section_headers, names = b"", b"", b"", b"\0"
	place = lambda: 64 + len(body)
	for kind_of, address, data in segments:
		headers += u32(kind_of, 6) + u64(place(), address, 0, len(data), len(data), 8)
		body += data + bytes(-len(data) % 16)
	sections = [("", 0, 0, b"", 0, 0)] + sections
	for name, kind_of, address, data, link, size in sections:
		section_headers += u32(len(names), kind_of) + u64(0, address, place(), len(data)) + u32(link, 0) + u64(1, size)
		names += name.encode() + b"\0"
		body += data + bytes(-len(data) % 16)
	section_headers += u32(0, 3) + u64(0, 0, place(), len(names)) + u32(0, 0) + u64(1, 0)
	body += names + bytes(-len(names) % 16)
	at_sections = place()
	body += section_headers
	at_headers = place()
	header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, 0x401000,
		at_headers, at_sections, 0, 64, 56, len(segments), 64, len(sections) + 1, len(sections))
	return header + body + headers


def executable():
	symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 0x11, 0, 1, 0x500040, 32)
	return elf(EXEC, [(LOAD, 0x401000, b"\xcc" * 64), (LOAD, 0x500000, buildinfo())], [
		(".go.buildinfo", 1, 0x500000, buildinfo(), 0, 0),
		(".strtab", 3, 0, b"\0runtime.mheap_\0", 0, 0), (".symtab", 2, 0, symbols, 2, 24)])


def core():
	files = u64(1, 4096, 0x400000, 0x402000, 0) + b"/bin/tiny\0"
	notes = (note(b"CORE", 1, bytes(336)) + note(b"CORE", 3, bytes(136)) + note(b"CORE", 6, u64(3, 0x400040, 9, 0x401000))
		+ note(b"CORE", 0x46494C45, files) + note(b"SILT", 0x53494C01, b"mode=stop\npid=5\nname=x\n")
		+ note(b"SILT", 0x53494C02, u64(0xc000010000, 8) + b"a" * 8 + u64(0xc000020000, 3) + b"abc" + bytes(5)))
	return elf(CORE, [(NOTE, 0, notes), (LOAD, 0xc000000000, b"\x5a" * 64)], [])


def arm64_core():
	notes = note(b"CORE", 1, bytes(392)) + note(b"LINUX", 0x401, u64(0x5500000000)) + note(b"CORE", 1, bytes(392))
	return elf(CORE, [(NOTE, 0, notes), (LOAD, 0x4000000000, b"\x5a" * 64)], [], ARM64)


def pclntab():
	functions = u32(0, 16, 64, 0)
	functions += u32(0, 0, 8, 0, 1, 4, 7, 2, 0, 1) + bytes([0, 0, 0, 1]) + u32(10, 0, 8)
	pcvalues = b"\0" + b"\x12\x40\0" + b"\2\x40\0" + b"\x14\x40\0" + b"\2\x40\0"
	parts = [b"main.f\0", u32(0), b"f.go\0", pcvalues]
	return bytes([0, 1]) + u32(1) + bytes(len(part) for part in parts) + b"".join(parts) + functions


def dwarf():
	"""One unit with a variable, a function with a local in a block, a struct, an array, a pointer, a map."""
	abbreviation = lambda code, tag, children, *attributes: (
		bytes([code, tag, children]) + b"".join(attributes) + b"\0\0")
	at = lambda name, form: (bytes([name]) if name < 128 else bytes([name & 127 | 128, name >> 7])) + bytes([form])
	NAME, STRING, REF, DATA1, ADDRESS, BLOCK, FLAG = 3, 8, 0x10, 0xb, 1, 0xa, 0xc
	abbrev = (abbreviation(1, 0x11, 1, at(NAME, STRING), at(0x13, DATA1))
		+ abbreviation(2, 0x34, 0, at(NAME, STRING), at(2, BLOCK), at(0x49, REF))
		+ abbreviation(3, 0x2e, 1, at(NAME, STRING), at(0x11, ADDRESS), at(0x12, ADDRESS))
		+ abbreviation(4, 0x0b, 1, at(0x11, ADDRESS), at(0x12, ADDRESS))
		+ abbreviation(5, 0x13, 1, at(NAME, STRING), at(0x0b, DATA1), at(0x2900, DATA1))
		+ abbreviation(6, 0x0d, 0, at(NAME, STRING), at(0x49, REF), at(0x38, DATA1), at(0x2903, FLAG))
		+ abbreviation(7, 0x0f, 0, at(NAME, STRING), at(0x49, REF), at(0x2900, DATA1))
		+ abbreviation(8, 0x01, 1, at(NAME, STRING), at(0x49, REF), at(0x0b, DATA1), at(0x2900, DATA1))
		+ abbreviation(9, 0x21, 0, at(0x37, DATA1))
		+ abbreviation(10, 0x16, 0, at(NAME, STRING), at(0x49, REF), at(0x2900, DATA1), at(0x2901, REF), at(0x2902, REF))
		+ abbreviation(11, 0x05, 0, at(NAME, STRING), at(2, BLOCK), at(0x49, REF)) + b"\0")
	block = lambda data: bytes([len(data)]) + data
	head = 11
	entries = b"\1" + b"main\0" + b"\x16"
	struct_at = head + len(entries)
	entries += b"\5" + b"main.T\0" + bytes([16, 25]) + b"\6" + b"F\0" + u32(struct_at) + bytes([0, 1]) + b"\0"
	pointer_at = head + len(entries)
	entries += b"\7" + b"*main.T\0" + u32(struct_at) + bytes([22])
	entries += b"\x08" + b"[4]main.T\0" + u32(struct_at) + bytes([64, 17]) + b"\x09\4" + b"\0"
	entries += b"\x0a" + b"map[T]*T\0" + u32(pointer_at) + bytes([21]) + u32(struct_at, pointer_at)
	entries += b"\2" + b"main.v\0" + block(b"\3" + u64(0x500040)) + u32(struct_at)
	entries += b"\3" + b"main.f\0" + u64(0x401000, 0x401040)
	entries += b"\x0b" + b"p\0" + block(b"\x91\x70") + u32(pointer_at)
	entries += b"\4" + u64(0x401000, 0x401020) + b"\2" + b"x\0" + block(b"\x9c\x11\x78\x22") + u32(pointer_at) + b"\0"
	entries += b"\0" + b"\0"
	unit = struct.pack("<HIB", 4, 0, 8) + entries
	assert len(abbrev) < 256
	return bytes([len(abbrev), 0, 0, 0, 0]) + abbrev + u32(len(unit)) + unit


def dwarf_loop():
	"""A variable whose DW_AT_sibling is itself."""
	abbrev = bytes([1, 0x11, 1, 0x13, 0xb, 0, 0, 2, 0x34, 0, 1, 0x13, 3, 8, 2, 0xa, 0, 0, 0])
	entries = b"\1\x16" + b"\2" + u32(13) + b"v\0" + b"\x09\3" + u64(0x500040) + b"\0"
	unit = struct.pack("<HIB", 4, 0, 8) + entries
	return bytes([len(abbrev), 0, 0, 0, 0]) + abbrev + u32(len(unit)) + unit


def zstd_frame(data):
	"""One block that is not compressed."""
	block = len(data) << 3 | 1
	return u32(0xFD2FB528) + bytes([0x20, len(data)]) + block.to_bytes(3, "little") + data


def compressed():
	frames = [zstd_frame(b"\x7fELF silt"), zstd_frame(bytes(200)), zstd_frame(b"")]
	table = b"".join(u32(len(frame), frame[5]) for frame in frames)
	footer = u32(len(frames)) + b"\0" + u32(0x8F92EAB1)
	return b"".join(frames) + u32(0x184D2A5E, len(table) + len(footer)) + table + footer


def maps():
	return (b"00400000-00452000 r-xp 00001000 08:02 173521      /usr/bin/dbus\n"
		b"c000000000-c000400000 rw-p 00000000 00:00 0 \n7ffd0000-7ffd1000 rw-s 00000000 00:00 0  [stack]\n")


def change(kind, place, value):
	return bytes([kind]) + u32(place) + u64(value & (1 << 64) - 1)


SEEDS = {
	"buildinfo": [buildinfo(), bytes(16) + buildinfo(), MAGIC + bytes(18)],
	"compressed": [compressed(), zstd_frame(b"core") + zstd_frame(b"file")],
	"core_file": [core(), arm64_core()],
	"debuginfo": [dwarf(), dwarf_loop()],
	"executable": [executable()],
	"gc_program": [b"\x40\0" + b"\0\0\0\0\3\5\x83\x14\0", b"\xff\xff" + b"\0\0\0\0\x7f" + b"\x5a" * 16 + b"\x80\xff\0\xff\1\0"],
	"pclntab": [pclntab(), b"\1" + pclntab()[1:]],
	"procfs": [maps(), u64(1 << 63, 0, 1 << 62 | 1 << 61)],
	"snapshot": [b"", b"\0", change(0x80, 10, 1 << 40) + b"\0", change(0, 1000, 0), change(1, 5000, 70000), change(2, 20000, 8), change(3, 30000, 40),
		change(0, 100, (1 << 64) - 1) + change(1, 60000, 500)],
}


def main():
	for name, inputs in SEEDS.items():
		directory = pathlib.Path(sys.argv[1]) / name
		directory.mkdir(parents=True, exist_ok=True)
		for number, data in enumerate(inputs):
			(directory / ("seed%d" % number)).write_bytes(data)


main()
