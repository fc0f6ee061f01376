"""Each kind of leak is found by its name and its holder; its repair and what only looks like it are not."""
import pathlib

import pytest

from corpus import ROLES, Score, cases, findings_of

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent.parent / "examples"
CASES = cases(EXAMPLES)


def program_of(examples, go, case, role, variant="plain"):
    return examples.build(go, "leaks/%s/%s" % (case.kind, role), variant)


@pytest.fixture(scope="session")
def score(request):
    score = Score()
    yield score
    request.config.score = list(score.lines())


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_case(silt, go, examples, score, tmp_path, case, role):
    findings = findings_of(silt, program_of(examples, go, case, role), case.two, tmp_path)
    if role == "leaky":
        score.add(case.kind, "found" if any(map(case.is_it, findings)) else "missed")
        assert any(map(case.is_it, findings)), findings
        return
    for finding in findings:
        score.add(finding["kind"], "false")
    assert not findings


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_stripped_case(silt, go, examples, tmp_path, long, case):
    """The same kinds; what holds them may have no name."""
    for role in ROLES if long else ["leaky"]:
        findings = findings_of(silt, program_of(examples, go, case, role, "stripped"), case.two, tmp_path)
        assert case.kind in {finding["kind"] for finding in findings} if role == "leaky" else not findings
