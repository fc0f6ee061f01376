"""Machines that qemu emulates, with other kernels than this one: scripts/kernels has them.

The only file system is the initial one, in memory: busybox, the programs that a test brings, and its script. What
the script leaves in /out comes back over the serial line.
"""
import base64
import gzip
import io
import os
import pathlib
import shutil
import subprocess
import tarfile

MEMORY_MB, PROCESSORS = 2048, 2
PATIENCE = 300  # seconds: nothing but emulation, beside other tests

# cx16: qemu 7.2 destroys the flags at some CMPXCHG16B, which the kernel uses where it is; that ends it. So does,
# with a thread for each processor, that one runs what another has just changed ("Oops: int3").
EMULATORS = {
    "amd64": ("qemu-system-x86_64", ["-cpu", "max,-cx16"], "ttyS0"),
    "arm64": ("qemu-system-aarch64", ["-cpu", "max", "-M", "virt"], "ttyAMA0"),
}

INIT = """#!/busybox sh
/busybox --install -s /bin
export PATH=/bin HOME=/out
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t tmpfs tmp /var/tmp
mount -t tmpfs out /out
ifconfig lo 127.0.0.1 up
cd /out

# start PROGRAM ARGUMENT...: in the background, until it is ready; what it says is in /out/said-PROGRAM.
start() {
	"$@" >/out/said-$1 2>&1 &
	while ! grep -q READY /out/said-$1; do sleep 0.1; done
}

. /script
echo; tar cz -C /out . | uuencode -m out
poweroff -f
"""
BEGIN, END = "begin-base64 644 out", "===="  # of uuencode(1)


def header(name, mode, size):
    """Of an entry of cpio's "newc" (Linux, Documentation/driver-api/early-userspace/buffer-format.rst)."""
    fields = [0, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, len(name) + 1, 0]
    line = b"070701" + b"".join(b"%08X" % field for field in fields) + name + b"\0"
    return line + bytes(-len(line) % 4)


def archive(files):
    """An initial file system of these {name: bytes}, all of them programs, and directories to mount on."""
    parts = []
    for name in "bin", "proc", "sys", "dev", "tmp", "var", "var/tmp", "out":
        parts.append(header(name.encode(), 0o040755, 0))
    for name, contents in files.items():
        parts.append(header(name.encode(), 0o100755, len(contents)) + contents + bytes(-len(contents) % 4))
    return gzip.compress(b"".join(parts) + header(b"TRAILER!!!", 0, 0), 1)


def returned(said):
    lines = said.splitlines()
    text = "".join(lines[lines.index(BEGIN) + 1:lines.index(END)])
    return tarfile.open(fileobj=io.BytesIO(base64.b64decode(text)))


class Kernel:
    """One of those that scripts/kernels lists."""

    def __init__(self, line):
        self.architecture, version, image, self.busybox = line.split(None, 3)
        self.version = tuple(int(part) for part in version.split("."))
        self.image = image

    def emulated(self):
        return shutil.which(EMULATORS[self.architecture][0])

    def run(self, directory, script, programs):
        """Runs the script beside these {name: path}, and puts what is in /out then into the directory."""
        emulator, options, console = EMULATORS[self.architecture]
        files = {name: pathlib.Path(path).read_bytes() for name, path in programs.items()}
        initial = directory / "initial"
        initial.write_bytes(archive({"init": INIT.encode(), "script": script.encode(),
                                     "busybox": pathlib.Path(self.busybox).read_bytes(),
                                     **{"bin/" + name: contents for name, contents in files.items()}}))
        done = subprocess.run([emulator, *options, "-accel", "tcg,thread=single", "-smp", str(PROCESSORS),
                               "-m", str(MEMORY_MB), "-display", "none", "-serial", "stdio", "-no-reboot", "-nic", "none",
                               "-kernel", self.image, "-initrd", initial,
                               "-append", "quiet panic=-1 console=" + console],
                              text=True, errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=PATIENCE)
        initial.unlink()
        assert END in done.stdout.splitlines(), done.stdout[-3000:]
        with returned(done.stdout) as found:
            for member in found:
                if member.isfile():
                    (directory / os.path.basename(member.name)).write_bytes(found.extractfile(member).read())
