"""What is said about memory in Go, and what is so: the programs of examples/folklore, which docs/leaks/folklore.md
shows, against what silt sees in them before and after."""
import pytest

from programs import Process


class Seen:
    """One look at a process."""

    def __init__(self, silt, process):
        self.maps = silt.json("maps", process.pid, "--limit=0")["maps"]
        self.types = {row["type"]: row["objects"] for row in silt.json("types", process.pid, "--limit=0")["types"]}

    def map_of(self, name):
        found = [row for row in self.maps if name in row["holder"].split(", ")]
        assert len(found) == 1, (name, self.maps)
        return found[0]


@pytest.fixture
def folklore(silt, go, examples):
    class Folklore:
        def start(self, name, *arguments):
            return Process(examples.build(go, "folklore/" + name), *arguments)

        def look(self, process):
            return Seen(silt, process)
    return Folklore()


@pytest.mark.oldest_and_newest
def test_delete_frees_values_and_not_tables(folklore):
    with folklore.start("delete") as process:
        before = folklore.look(process)
        assert process.ask("") == "DONE"
        after = folklore.look(process)
    assert (before.types["main.session"], after.types["main.session"]) == (50000, 100)
    assert after.map_of("main.sessions")["table_bytes"] == before.map_of("main.sessions")["table_bytes"]


@pytest.mark.oldest_and_newest
def test_nil_after_delete_puts_the_key_back(folklore):
    with folklore.start("nil-after-delete") as process:
        assert folklore.look(process).types["main.session"] == 15000
        assert process.ask("") == "DONE"
        after = folklore.look(process)
    assert "main.session" not in after.types
    entries = {name: after.map_of("main." + name)["entries"] for name in ("onlyDeleted", "nilBefore", "nilAfter")}
    assert entries == {"onlyDeleted": 0, "nilBefore": 0, "nilAfter": 5000}


def test_sync_map_delete(folklore, go):
    with folklore.start("sync-map-delete") as process:
        before = folklore.look(process).types
        assert process.ask("") == "DONE"
        deleted = folklore.look(process).types
        assert process.ask("") == "DONE"
        promoted = folklore.look(process).types
    assert (before["main.key"], before["main.value"]) == (5000, 5000)
    assert "main.value" not in deleted
    assert deleted.get("main.key", 0) == (0 if go.at_least(24) else 5000)
    assert "main.key" not in promoted


def test_finalizer_of_a_cycle_keeps_it(folklore, go):
    with folklore.start("finalizer") as process:
        types = folklore.look(process).types
    assert types["main.withFinalizer"] == 200
    assert "main.without" not in types and "main.withCleanup" not in types


@pytest.mark.oldest_and_newest
def test_passing_a_map_passes_a_pointer(folklore):
    with folklore.start("pass-map") as process:
        both = [row for row in folklore.look(process).maps if row["type"] == "map[int]string"]
        assert process.ask("") == "DONE"
        one = [row for row in folklore.look(process).maps if row["type"] == "map[int]string"]
    assert len(both) == len(one) == 1 and both[0]["entries"] == 5000
    assert "main.original" in both[0]["holder"] and "main.kept" in both[0]["holder"]
    assert one[0]["addr"] == both[0]["addr"] and one[0]["holder"] == "main.kept"


@pytest.mark.oldest_and_newest
def test_nil_map_does_not_block_and_nil_channel_does(silt, folklore):
    with folklore.start("nil-map") as process:
        groups = silt.json("goroutines", process.pid, "--limit=0")["groups"]
    entries = {group["entry"]: group for group in groups}
    assert "main.readMap" not in entries
    assert entries["main.readChannel"]["never_wake"] == 1 and "nil chan" in entries["main.readChannel"]["state"]


@pytest.mark.oldest_and_newest
def test_pprof_shows_who_allocated(silt, go, folklore, tmp_path):
    with folklore.start("inuse-space", tmp_path / "profile") as process:
        holders = silt.json("report", process.pid)["holders"]
        top = go.run("tool", "pprof", "-top", "-sample_index=inuse_space", process.path, tmp_path / "profile")
    lines = [line.split() for line in top.splitlines() if "main.newBlock" in line]
    assert lines and lines[0][1].rstrip("%") > "90" and "cache" not in top and "recent" not in top
    assert [holder["what"] for holder in holders[:2]] == ["main.cache", "main.recent"]
