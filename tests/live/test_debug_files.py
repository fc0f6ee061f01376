"""Names of a stripped program from a separate debug file: the answers are those of the program before it was stripped."""
import contextlib
import http.server
import os
import shutil
import subprocess
import threading

import pytest

from programs import Process
from test_same_answers import COMMANDS, without_times

BUILD_ID = "5117" * 10


class Stripped:
    """A program made into three: as it was built, without symbols, and the symbols alone."""

    def __init__(self, go, programs, directory, variant="plain", build_id=None):
        self.full, self.path, self.debug = [directory / name for name in ("full", "shapes", "shapes.debug")]
        if build_id:
            go.run("build", "-ldflags=-B=0x" + build_id, "-o", self.full, ".", cwd=programs.sources / "shapes",
                   env={"CGO_ENABLED": "0"})
        else:
            shutil.copy(programs.build(go, "shapes", variant), self.full)
        subprocess.run(["objcopy", "--only-keep-debug", self.full, self.debug], check=True)
        subprocess.run(["strip", "-o", self.path, self.full], check=True)

    def link(self):
        subprocess.run(["objcopy", "--add-gnu-debuglink=" + str(self.debug), self.path], check=True)
        return self

    def move_debug(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.debug = self.debug.rename(path)


def expect_names(silt, process, full, debug, *arguments, **options):
    """What silt says with the debug file, and of the same memory with the unstripped program."""
    snapshot = full.parent / "snapshot"
    assert silt.run("snap", process.pid, "-o", snapshot).returncode == 0
    with_full = {command: silt.json(command, snapshot, "--limit=0", "--exe", full) for command in COMMANDS}
    live = silt.run("report", process.pid, *arguments, **options)
    assert live.returncode in (0, 1) and "has a debug file" in live.stdout, live.stdout + live.stderr
    report = silt.json("report", process.pid, "--limit=0", *arguments, **options)
    assert report["target"]["stripped"] and report["target"]["debug_file"] == str(debug)
    names = {row["what"] for row in with_full["report"]["holders"] if row["what"].startswith("main.")}
    assert len(names) > 10
    assert names <= {row["what"] for row in report["holders"]}
    return snapshot, with_full


def check_link(stripped, silt):
    with Process(stripped.path) as process:
        snapshot, expected = expect_names(silt, process, stripped.full, stripped.debug)
    for command in COMMANDS:
        found = silt.json(command, snapshot, "--limit=0", "--exe", stripped.path)
        assert found["target"]["debug_file"] == str(stripped.debug)
        assert without_times(found) == without_times(expected[command])


def test_link(go, programs, silt, tmp_path):
    check_link(Stripped(go, programs, tmp_path).link(), silt)


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("variant", ["pie", "cgo"])
def test_link_of_variant(go, programs, silt, tmp_path, variant):
    check_link(Stripped(go, programs, tmp_path, variant).link(), silt)


@pytest.mark.oldest_and_newest
def test_link_below(go, programs, silt, tmp_path):
    stripped = Stripped(go, programs, tmp_path).link()
    stripped.move_debug(tmp_path / ".debug/shapes.debug")
    with Process(stripped.path) as process:
        expect_names(silt, process, stripped.full, stripped.debug)


class Rooted(Process):
    """A program with a root directory of its own."""

    def __init__(self, root, path):
        super().__init__(path, preexec_fn=lambda: (os.chroot(root), os.chdir("/")))

    def seen(self, path):
        return "/proc/%d/root%s" % (self.pid, path)


@pytest.fixture
def root(tmp_path):
    if os.getuid() != 0:
        pytest.skip("chroot needs root")
    (tmp_path / "root/bin").mkdir(parents=True)
    return tmp_path / "root"


def put_into(root, stripped):
    shutil.copy(stripped.path, root / "bin/shapes")


class Mounted(Process):
    """A program that alone sees a file below /usr/lib/debug."""

    def __init__(self, path, debug, place):
        script = "mount -t tmpfs tmpfs /usr/lib/debug && mkdir -p %s && cp %s %s && exec %s" % (
            os.path.dirname(place), debug, place, path)
        super().__init__("unshare", "-m", "sh", "-c", script)


@pytest.mark.oldest_and_newest
def test_link_in_the_debug_directory(go, programs, silt, tmp_path):
    if os.getuid() != 0 or not os.path.isdir("/usr/lib/debug"):
        pytest.skip("root and /usr/lib/debug are needed")
    stripped = Stripped(go, programs, tmp_path).link()
    place = "/usr/lib/debug%s/shapes.debug" % tmp_path
    hidden = tmp_path / "hidden/debug"
    stripped.move_debug(hidden)
    with Mounted(stripped.path, hidden, place) as process:
        expect_names(silt, process, stripped.full, "/proc/%d/root%s" % (process.pid, place))


def test_build_id(go, programs, silt, tmp_path, root):
    """Links in the root directory of the process lead into it, as they do for the process."""
    stripped = Stripped(go, programs, tmp_path, build_id=BUILD_ID)
    put_into(root, stripped)
    place = ".build-id/%s/%s.debug" % (BUILD_ID[:2], BUILD_ID[2:])
    stripped.move_debug(root / "elsewhere" / place)
    (root / "usr/lib").mkdir(parents=True)
    (root / "usr/lib/debug").symlink_to("/elsewhere")
    place = "/usr/lib/debug/" + place
    with Rooted(root, "/bin/shapes") as process:
        expect_names(silt, process, stripped.full, process.seen(place))


class Server(http.server.BaseHTTPRequestHandler):
    """A debuginfod of one file."""

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path != "/buildid/%s/debuginfo" % BUILD_ID:
            self.send_error(404)
            return
        contents = self.server.file.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(contents)))
        self.end_headers()
        self.wfile.write(contents)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def debuginfod(file):
    server = http.server.HTTPServer(("127.0.0.1", 0), Server)
    server.file, server.asked = file, []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def environment_of(server, cache, **more):
    return dict(os.environ, DEBUGINFOD_URLS="http://127.0.0.1:%d" % server.server_port, no_proxy="127.0.0.1",
                DEBUGINFOD_CACHE_PATH=str(cache), **more)


@pytest.mark.oldest_and_newest
def test_debuginfod(go, programs, silt, tmp_path):
    if not shutil.which("debuginfod-find"):
        pytest.skip("debuginfod-find is not installed")
    stripped = Stripped(go, programs, tmp_path, build_id=BUILD_ID)
    with Process(stripped.path) as process, debuginfod(stripped.debug) as server:
        environment = environment_of(server, tmp_path / "cache")
        expect_names(silt, process, stripped.full, tmp_path / "cache" / BUILD_ID / "debuginfo", env=environment)
        assert len(server.asked) == 1  # then the cache has it


@pytest.mark.oldest_and_newest
def test_debuginfod_has_another(go, programs, silt, tmp_path):
    if not shutil.which("debuginfod-find"):
        pytest.skip("debuginfod-find is not installed")
    stripped = Stripped(go, programs, tmp_path, build_id=BUILD_ID)
    with Process(stripped.path) as process, debuginfod(programs.build(go, "steady")) as server:
        check_refused(silt, process, "its code is another", env=environment_of(server, tmp_path / "cache"))


def test_debuginfod_has_no_client(newest, programs, silt, tmp_path):
    stripped = Stripped(newest, programs, tmp_path, build_id=BUILD_ID)
    with Process(stripped.path) as process, debuginfod(stripped.debug) as server:
        environment = environment_of(server, tmp_path, PATH=str(tmp_path))
        check_refused(silt, process, "debuginfod-find is not installed", env=environment)


def check_refused(silt, process, reason, **options):
    """A note says why names are missing."""
    report = silt.json("report", process.pid, "--limit=0", **options)
    assert [note for note in report["notes"] if reason in note], report["notes"]
    assert report["target"]["debug_file"] is None
    assert not [row for row in report["holders"] if row["what"] == "main.retainedMap"]


def spoil(path):
    """By one bit."""
    contents = bytearray(path.read_bytes())
    contents[len(contents) // 2] ^= 1
    path.write_bytes(contents)


@pytest.mark.oldest_and_newest
def test_wrong_checksum(go, programs, silt, tmp_path):
    stripped = Stripped(go, programs, tmp_path).link()
    spoil(stripped.debug)
    with Process(stripped.path) as process:
        check_refused(silt, process, "its checksum is not that of .gnu_debuglink")


@pytest.mark.oldest_and_newest
def test_wrong_build_id(go, programs, silt, tmp_path, root):
    """The debug file of another build of the same program lies where that of this one should be."""
    (tmp_path / "other").mkdir()
    stripped = Stripped(go, programs, tmp_path, build_id=BUILD_ID)
    other = Stripped(go, programs, tmp_path / "other", build_id=BUILD_ID[::-1])
    put_into(root, stripped)
    other.move_debug(root / ("usr/lib/debug/.build-id/%s/%s.debug" % (BUILD_ID[:2], BUILD_ID[2:])))
    with Rooted(root, "/bin/shapes") as process:
        check_refused(silt, process, "its build id is another")


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("place", ["full", "debug"])
def test_given_for_a_process(go, programs, silt, tmp_path, place):
    stripped = Stripped(go, programs, tmp_path)
    path = getattr(stripped, place)
    with Process(stripped.path) as process:
        assert silt.json("report", process.pid)["target"]["debug_file"] is None
        expect_names(silt, process, stripped.full, path, "--exe", path)


def test_given_for_a_snapshot(newest, programs, silt, tmp_path):
    """The snapshot has the program itself, so that names are all that is missing."""
    stripped = Stripped(newest, programs, tmp_path)
    with Process(stripped.path) as process:
        assert silt.run("snap", process.pid, "-o", tmp_path / "snapshot").returncode == 0
    named, without = (silt.json("report", tmp_path / "snapshot", "--limit=0", *options)
                      for options in (["--exe", stripped.debug], []))
    assert named["target"]["debug_file"] == str(stripped.debug)
    assert any(row["what"].startswith("main.") for row in named["holders"])
    assert not any(row["what"].startswith("main.") for row in without["holders"])


@pytest.mark.oldest_and_newest
def test_wrong_one_given_for_a_process(go, programs, silt, tmp_path):
    stripped = Stripped(go, programs, tmp_path)
    subprocess.run(["objcopy", "--only-keep-debug", programs.build(go, "steady"), tmp_path / "other"], check=True)
    with Process(stripped.path) as process:
        for path, reason in ((programs.build(go, "steady"), "does not belong to"),
                             (tmp_path / "other", "build id is another"),
                             (stripped.path, "neither DWARF nor symbols"), ("/dev/null", "not an ELF file"),
                             (tmp_path / "nothing", "No such file")):
            done = silt.run(process.pid, "--exe", path)
            assert done.returncode == 3 and len(done.stderr.splitlines()) == 1
            assert reason in done.stderr and str(path) in done.stderr and not done.stdout
        assert process.alive()
