"""What the measuring programs share: building, the target, and how fast this machine copies memory."""
import argparse
import pathlib
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parent.parent
SESSION_BYTES = 2356  # of a session of the target, with all that belongs to it
UNITS = {"M": 10**6, "G": 10**9}


def tell(text):
    print(text, file=sys.stderr, flush=True)


def size(text):
    if text[-1:] not in UNITS or not text[:-1].isdigit() or not int(text[:-1]):
        raise argparse.ArgumentTypeError("%r is no size; give one like 250M or 4G" % text)
    return text


def bytes_of(text):
    return int(text[:-1]) * UNITS[text[-1]]


class Target:
    """The target with so many live bytes, from READY until the end of the block."""

    def __init__(self, path, name, *options):
        self.bytes = bytes_of(name)
        sessions = self.bytes // SESSION_BYTES
        self.process = subprocess.Popen([path, *options, str(sessions)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for line in self.process.stdout:
            if line.startswith("READY"):
                return
            tell("%s: target %s %%" % (name, line.strip()))
        sys.exit("bench: the target of %s ended before it was filled; is there enough memory?" % name)

    def __enter__(self):
        return self

    @property
    def pid(self):
        return self.process.pid

    def gaps(self):
        """[(start, end)] in nanoseconds of CLOCK_MONOTONIC, since it was asked last; it was started with -gaps."""
        self.process.stdin.write("gaps\n")
        self.process.stdin.flush()
        return [tuple(map(int, gap.split(":"))) for gap in self.process.stdout.readline().split()[1:]]

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def run_script(text, name, *arguments):
    scripts = PROJECT / "scripts"
    subprocess.run([scripts / "with-progress", text, scripts / name, *arguments], check=True, stdout=sys.stderr)


def build_silt(directory):
    run_script("building silt", "build-silt", directory, "src/silt", "bench/memcpy")


def build_go(directory, name):
    """One of the Go programs of this folder."""
    path = directory / "bench" / name
    run_script("building " + name, "go-build", PROJECT / "bench" / name, path)
    return path


def build(directory):
    build_silt(directory)
    build_go(directory, "target")


def memcpy_bandwidth(directory):
    """Bytes a second."""
    return int(subprocess.check_output([directory / "bench/memcpy"], text=True).split()[1])
