"""What the tests on real processes share: Go versions, programs built by them, processes, silt itself."""
import os
import pathlib
import subprocess

import pytest

from programs import Go, only_one, VERSIONS, Programs
from silt import Silt

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent


def pytest_addoption(parser):
    parser.addoption("--build", default="build", help="meson's build directory")
    parser.addoption("--long", action="store_true", help="run the long forms as well")


def go_trees(build):
    """The Go versions at hand: {version: GOROOT}."""
    listed = build / "go-trees"
    if not listed.exists():
        listed.write_text(subprocess.check_output([PROJECT / "scripts/go-trees"], text=True))
    return dict(line.split(None, 1) for line in listed.read_text().splitlines())


def build_directory(config):
    return (PROJECT / config.getoption("--build")).resolve()


def pytest_configure(config):
    os.environ.pop("DEBUGINFOD_URLS", None)  # no test asks the servers that this machine is set up with
    config.addinivalue_line("markers", "oldest_and_newest: without --long, only on these Go versions")
    config.addinivalue_line("markers", "since(version): only on this Go version and later ones")


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # one of several processes
        session.config.workeroutput["score"] = getattr(session.config, "score", [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    node.config.score = node.workeroutput.get("score") or getattr(node.config, "score", [])


def pytest_terminal_summary(terminalreporter, config):
    """How well the collection of leaks was told apart."""
    for line in getattr(config, "score", []):
        terminalreporter.write_line(line)


def versions_of(metafunc):
    few = metafunc.definition.get_closest_marker("oldest_and_newest")
    since = metafunc.definition.get_closest_marker("since")
    versions = VERSIONS[VERSIONS.index(since.args[0]):] if since else VERSIONS
    return [versions[0], versions[-1]] if few and not metafunc.config.getoption("--long") else versions


def version_number(item):
    version = item.callspec.params.get("version") if hasattr(item, "callspec") else None
    return VERSIONS.index(version) if version else -1


def pytest_generate_tests(metafunc):
    if "version" in metafunc.fixturenames:
        metafunc.parametrize("version", versions_of(metafunc), scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """The tests of a file follow each other by Go version: what several of them share is made once for each.
    pytest itself (7.2) mixes the versions of different tests."""
    files = {path: number for number, path in enumerate(dict.fromkeys(item.path for item in items))}
    items.sort(key=lambda item: (files[item.path], version_number(item)))


@pytest.fixture(scope="session")
def build(request):
    return build_directory(request.config)


@pytest.fixture(scope="session")
def long(request):
    return request.config.getoption("--long")


@pytest.fixture(scope="session")
def trees(build):
    return go_trees(build)


@pytest.fixture(scope="session")
def go(version, trees):
    """The Go of this version; a test that asks for it is skipped where that Go cannot be had."""
    if version not in trees:
        pytest.skip("Go %s is not at hand" % version)
    return Go(version, trees[version])


@pytest.fixture(scope="session")
def programs(build):
    return Programs(PROJECT / "tests/programs", build / "programs")


@pytest.fixture(scope="session")
def examples(build):
    return Programs(PROJECT / "examples", build / "programs")


@pytest.fixture(scope="session")
def bench(build):
    return Programs(PROJECT / "bench", build / "programs")


@pytest.fixture(scope="session")
def silt(build):
    return Silt(build / "src/silt")


@pytest.fixture(scope="session")
def static(build):
    """`ninja static`, which this makes: as two processes may, it is built by one at a time."""
    with only_one(build / "static"):
        subprocess.run(["ninja", "-C", build, "--quiet", "static"], check=True)
    return build / "src/silt-static"


@pytest.fixture(scope="session")
def oracle(build):
    return build / "tests/oracle"


@pytest.fixture(scope="session")
def newest(trees):
    if not trees:
        pytest.skip("no Go is at hand")
    version = max(trees, key=lambda version: int(version.split(".")[1]))
    return Go(version, trees[version])
