"""Mistakes with strings, slices and interfaces: what silt says that mending frees, against what it then frees."""
import pytest

from programs import Process

TOLERANCE = 0.03
CASES = {  # case: kind, what the finding is about
    "substring": ("slice-pin", "main.documents[].id"),
    "subslice": ("slice-pin", "main.heads[]"),
    "queue": ("slice-pin", "main.queue.jobs"),
    "room": ("slice-pin", "main.all[].points"),
    "numbers": ("boxed-values", "main.numbers"),
    "fields": ("boxed-values", "main.settings[].value"),
    "entries": ("boxed-values", "main.entries"),
    "addresses": ("hidden-pointer", "main.remarks"),
    "strings": ("duplicate-strings", "main.visitors[].browser"),
    "tiny": ("duplicate-strings", "main.countries[]"),
}


def freed_by_mending(process):
    process.process.stdin.write("\n")
    process.process.stdin.flush()
    return int(process.process.stdout.readline().split()[1])


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("case", CASES)
def test_what_mending_frees(silt, go, programs, case):
    kind, subject = CASES[case]
    with Process(programs.build(go, "values"), case) as process:
        findings = silt.json("report", process.pid, "--limit=0")["findings"]
        freed = freed_by_mending(process)
    assert [finding["id"] for finding in findings] == ["%s/%s" % (kind, subject)]
    assert findings[0]["frees_bytes"] == pytest.approx(freed, rel=TOLERANCE)


@pytest.mark.oldest_and_newest
def test_a_finding_says_where_its_object_was_allocated(silt, go, programs):
    with Process(programs.build(go, "values"), "room") as process:
        finding = silt.json("report", process.pid)["findings"][0]
        text = silt.run("report", process.pid).stdout
    assert finding["allocated_at"].startswith("main.makeRoom at main.go:")
    assert "  allocated at %s\n" % finding["allocated_at"] in text
