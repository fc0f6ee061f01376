"""The programs that people see first: the leaks of examples/shop, and the shared sessions of bench/target."""
import re
import subprocess
import time

import pytest

from programs import Process

LOAD_TIME = "3s"
SLOWEST_SUPPLIER = 0.5  # seconds, with room: by then each late quote's goroutine waits to send
BENCH_SESSIONS = 43000  # about 100 MB
SHARED = {"main.sessions", "main.lru", "main.cache"}


def drive(load, url):
    """Sends visitors; returns how many there were of each kind, as the program counted them."""
    done = subprocess.run([load, "-url", url, "-for", LOAD_TIME], text=True, stdout=subprocess.PIPE, check=True)
    summary = done.stdout.splitlines()[-1]
    return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", summary)}


@pytest.fixture(scope="module")
def shop(go, examples):
    """The example service after its visitors have gone: (process, counts of visitors)."""
    with Process(examples.build(go, "shop")) as process:
        counts = drive(examples.build(go, "load"), process.lines[-1].split()[1])
        time.sleep(SLOWEST_SUPPLIER)
        yield process, counts


def rows_with(rows, text):
    return [row for row in rows if text in str(row)]


@pytest.mark.oldest_and_newest
class TestShop:
    def test_report_names_the_causes(self, silt, shop):
        process, _ = shop
        report = silt.run("report", process.pid).stdout
        for cause in ("main.sessions", "main.fetchQuote.func1", "main.listeners", "main.upload.func1"):
            assert cause in report
        assert "quotes.go:" in report

    def test_they_hold_the_most(self, silt, shop):
        process, _ = shop
        report = silt.json("report", process.pid)
        largest = report["holders"][:3]
        for cause in ("main.sessions", "main.fetchQuote.func1", "main.listeners"):
            assert len(rows_with(largest, cause)) == 1, largest

    def test_map_has_an_entry_for_each_visitor(self, silt, shop):
        process, counts = shop
        maps = silt.json("maps", process.pid, "--limit=0")["maps"]
        (found,) = [row for row in maps if row["holder"] == "main.sessions"]
        assert found["entries"] == counts["pages"]

    def test_goroutine_for_each_late_quote(self, silt, shop):
        process, counts = shop
        groups = silt.json("goroutines", process.pid, "--limit=0")["groups"]
        found = [row for row in groups if row["entry"] == "main.fetchQuote.func1"]
        assert sum(row["count"] for row in found) == counts["late"] > 0

    def test_late_quotes_are_proved(self, silt, shop):
        process, counts = shop
        [found] = [row for row in silt.json("report", process.pid)["findings"] if row["tier"] == "proved"]
        assert found["kind"] == "goroutine-never-wakes" and "main.fetchQuote.func1" in found["what"]
        assert found["count"] == counts["late"]

    def test_closure_for_each_upload(self, silt, shop):
        process, counts = shop
        types = silt.json("types", process.pid, "--limit=0")["types"]
        (found,) = rows_with(types, "main.upload.func1")
        assert found["objects"] == counts["uploads"] > 0

    def test_what_each_closure_keeps(self, silt, shop):
        process, counts = shop
        findings = silt.json("report", process.pid, "--limit=0")["findings"]
        (found,) = rows_with(findings, "main.upload.func1")
        assert found["kind"] == "closure-captures" and found["count"] == counts["uploads"]
        assert found["path"][0].startswith("main.listeners")


@pytest.mark.oldest_and_newest
def test_shared_sessions_are_one_group(go, bench, silt):
    with Process(bench.build(go, "target"), BENCH_SESSIONS) as process:
        live = int(re.search(r"HeapAlloc=(\d+)", process.lines[-1])[1])
        report = silt.json("report", process.pid)
        (group,) = [row for row in report["holders"] if {row["what"], *row["with"]} == SHARED]
        assert group["retained_bytes"] >= 0.9 * live
        assert report["heap"]["live_bytes"] == pytest.approx(live, rel=0.01)
