"""Debian's real servers, stripped, idle and at work: every command reads them, and condemns nothing in them."""
import pathlib
import subprocess
import time

import pytest

from servers import Running, SERVERS, unpack

EXPLAINED = 0.97  # of the smallest, of which a few kilobytes are a percent
AT_WORK = 8  # seconds
FOUND = (0, 1)  # exit statuses of silt
ABOUT_GOROUTINES = {"goroutine-never-wakes", "goroutine-likely", "deadlock", "convoy", "orphan"}


@pytest.fixture(scope="module", params=sorted(SERVERS))
def server(request, long, build, tmp_path_factory):
    kind = SERVERS[request.param]
    if not long:
        pytest.skip("real servers are part of --long")
    root = build / "servers" / request.param
    if not (root / kind.binary).exists():
        try:
            unpack(kind.packages, root)
        except subprocess.CalledProcessError as error:
            pytest.skip("%s cannot be had: %s" % (request.param, error.stderr.decode().strip()[-200:]))
    with Running(kind, root, tmp_path_factory.mktemp(request.param)) as running:
        time.sleep(2)
        yield running


def share(report, key):
    return report["heap"][key] / report["heap"]["live_bytes"]


def check(server, report):
    assert not [finding for finding in report["findings"]
                if finding["tier"] == "proved" or finding["kind"] in ABOUT_GOROUTINES]
    assert share(report, "explained_bytes") >= EXPLAINED
    assert share(report, "typed_bytes") >= server.server.typed


def test_idle(server, silt):
    check(server, silt.json("report", server.process.pid, "--force"))


def check_snapshots(server, silt, directory):
    pid, path = server.process.pid, directory / "snapshot.zst"
    assert silt.run("snap", pid, "-o", path, "--force").returncode == 0
    check(server, silt.json("report", path))
    assert silt.json("diff", path, pid, "--force")["findings"] is not None
    assert silt.run("diff", "--every", "1s", "--times", "2", pid, "--force").returncode in FOUND
    schema = silt.run("schema", path, "f1")  # there is one of trees of map[string]any only
    assert schema.returncode in FOUND or len(schema.stderr.splitlines()) == 1


def test_at_work(server, silt, tmp_path):
    server.start_work()
    time.sleep(AT_WORK)
    began = time.monotonic()
    report = silt.json("report", server.process.pid, "--force")
    seconds = time.monotonic() - began
    check(server, report)
    for command in ("types", "maps", "goroutines"):
        silt.json(command, server.process.pid, "--force")
    assert silt.run("why", server.process.pid, "1", "--force").returncode in FOUND
    check_snapshots(server, silt, tmp_path)
    assert server.process.poll() is None and server.visits
    print("\n| %s | %s | %.1f MB | %.1f %% | %.1f %% | %s, %.1f ms | %.2f s |" % (
        pathlib.Path(report["target"]["exe"]).name, report["target"]["go"], report["heap"]["live_bytes"] / 1e6,
        100 * share(report, "explained_bytes"), 100 * share(report, "typed_bytes"), report["capture"]["mode"],
        report["capture"]["pause_ns"] / 1e6, seconds))
