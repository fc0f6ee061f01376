"""What goroutines are called."""
import pytest

from programs import Process

# The paths of the files tell what is of the standard library, and are cut by -trimpath.
WAYS = {"plain": [], "trimmed": ["-trimpath"], "stripped": ["-trimpath", "-ldflags=-s -w"]}


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("way", WAYS)
def test_own_code_first(go, programs, silt, tmp_path, way):
    """The innermost function that is not of the standard library, and the outermost where all are."""
    go.run("build", *WAYS[way], "-o", tmp_path / "layers", ".", cwd=programs.sources / "layers")
    with Process(tmp_path / "layers") as process:
        groups = silt.json("goroutines", process.pid, "--limit=0")["groups"]
        wanted = {fact["function"] for fact in process.facts("top").values()}
    tops = {group["top"].split(" at ")[0] for group in groups if not group["system"]}
    assert len(wanted) == 4 and wanted <= tops, tops
