"""Test programs in Go: built by each version, in variants, and run as processes that a test looks at."""
import contextlib
import fcntl
import os
import pathlib
import shlex
import signal
import subprocess
import time

VERSIONS = ["1.19", "1.21", "1.22", "1.23", "1.24", "1.25", "1.26", "1.27"]

# Variant: (arguments of go build, environment).
VARIANTS = {
    "plain": ([], {"CGO_ENABLED": "0"}),
    "stripped": (["-ldflags=-s -w"], {"CGO_ENABLED": "0"}),
    "pie": (["-buildmode=pie"], {"CGO_ENABLED": "0"}),
    "cgo": (["-tags=withcgo"], {"CGO_ENABLED": "1"}),
    "static": (["-tags=withcgo", "-ldflags=-linkmode=external -extldflags=-static"], {"CGO_ENABLED": "1"}),
    "cgo-pie": (["-tags=withcgo", "-buildmode=pie"], {"CGO_ENABLED": "1"}),
}

# Those of another machine, which arm64.py runs.
ARM64_C = {"CGO_ENABLED": "1", "GOARCH": "arm64", "CC": "aarch64-linux-gnu-gcc"}
FOREIGN_VARIANTS = {
    "arm64": ([], {"CGO_ENABLED": "0", "GOARCH": "arm64"}),
    "arm64-stripped": (["-ldflags=-s -w"], {"CGO_ENABLED": "0", "GOARCH": "arm64"}),
    "arm64-pie": (["-buildmode=pie"], {"CGO_ENABLED": "0", "GOARCH": "arm64"}),
    "arm64-cgo": (["-tags=withcgo"], ARM64_C),
    "arm64-cgo-pie": (["-tags=withcgo", "-buildmode=pie"], ARM64_C),
}


class Go:
    """One Go version."""

    def __init__(self, version, root):
        self.version, self.root = version, pathlib.Path(root)

    def at_least(self, minor):
        return int(self.version.split(".")[1]) >= minor

    def run(self, *arguments, cwd=None, env=None):
        environment = dict(os.environ, GOROOT=str(self.root), GOTOOLCHAIN="local", GOFLAGS="-buildvcs=false",
                           GO111MODULE="on", GOWORK="off", **(env or {}))
        done = subprocess.run([self.root / "bin/go", *arguments], cwd=cwd, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise RuntimeError("go %s failed:\n%s" % (" ".join(map(str, arguments)), done.stdout))
        return done.stdout


@contextlib.contextmanager
def only_one(path):
    """Of the processes that run tests at the same time; tells whether another one of this run was here before."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "%d" % os.getpid())
    with open("%s.lock" % path, "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        yield lock.read() == run
        lock.truncate(0)
        lock.write(run)


class Programs:
    """Builds each program at most once a run."""

    def __init__(self, sources, output):
        self.sources, self.output, self.built = sources, output, {}
        output.mkdir(parents=True, exist_ok=True)

    def build(self, go, name, variant="plain"):
        key = (go.version, name, variant)
        if key not in self.built:
            arguments, env = {**VARIANTS, **FOREIGN_VARIANTS}[variant]
            path = self.output / ("%s-%s-%s" % (name.replace("/", "-"), go.version, variant))
            with only_one(path) as is_built:
                if not is_built:
                    go.run("build", *arguments, "-o", path, ".", cwd=self.sources / name, env=env)
            self.built[key] = path
        return self.built[key]


class Process:
    """A program that runs until the test ends, started and waited for until it says READY."""

    def __init__(self, path, *arguments, env=None, cwd=None, timeout=60, settle=0.2, **options):
        self.path = path
        self.process = subprocess.Popen([str(path), *map(str, arguments)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=dict(os.environ, **(env or {})), cwd=cwd, **options)
        self.lines = []
        deadline = time.monotonic() + timeout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("READY"):
                break
            if time.monotonic() > deadline:
                break
        if not self.lines or not self.lines[-1].startswith("READY"):
            self.stop()
            raise RuntimeError("%s did not get ready:\n%s" % (path, "\n".join(self.lines)))
        time.sleep(settle)  # goroutines that were about to block

    @property
    def pid(self):
        return self.process.pid

    def facts(self, kind):
        """What the program says of itself: {name: {key: value}} of its lines "fact KIND NAME KEY=VALUE..."."""
        lines = [shlex.split(line) for line in self.lines if line.startswith("fact %s " % kind)]
        return {words[2]: dict(word.split("=", 1) for word in words[3:]) for words in lines}

    def alive(self):
        return self.process.poll() is None

    def ask(self, line):
        """A line for its standard input, and the line that it answers with."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def signal(self, number):
        self.process.send_signal(number)

    def status(self, field):
        """A field of /proc/PID/status (proc(5)), the first word of it."""
        for line in pathlib.Path("/proc/%d/status" % self.pid).read_text().splitlines():
            name, _, value = line.partition(":")
            if name == field:
                return value.split()[0]
        raise KeyError(field)

    def state(self):
        return self.status("State")

    def wait(self):
        """Until it has ended; what it wrote since it was ready. Its standard input stays open until then: many
        programs begin to end when that does, and one that crashes must not do so meanwhile."""
        kept, self.process.stdin = self.process.stdin, None
        try:
            return self.process.communicate(timeout=60)
        finally:
            if kept:
                kept.close()

    def stop(self):
        if self.alive():
            self.signal(signal.SIGKILL)
            self.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
