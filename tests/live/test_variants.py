"""The ways in which programs are built: the heap is read as well in each, and the report tells what holds it."""
import subprocess

import pytest

from programs import Go, Process, VARIANTS
from test_oracle import compare

# Shapes is made of corner cases: far more of it has no type than of programs that do something. The goal for
# those is 99 %; here the figure is printed, and the bound tells only that typing has not broken down.
TYPED_AT_LEAST = 0.95
LOOKS = 3  # a thread may just have a trace of what somebody holds alone
EXPLAINED_AT_LEAST = 0.95

# Experiments that change what silt reads: internal/goexperiment/flags.go.
EXPERIMENTS = [("1.22", "noallocheaders"), ("1.22", "noexectracer2"), ("1.24", "noswissmap"), ("1.24", "nospinbitmutex"),
               ("1.25", "greenteagc"), ("1.26", "nogreenteagc"), ("1.27", "nogreenteagc"), ("1.27", "mapsplitgroup")]


def shares(heap):
    return [heap[key] / heap["live_bytes"] for key in ("typed_bytes", "explained_bytes")]


def figures(fact):
    return int(fact["bytes"]), int(fact["objects"])


def held_alone(report):
    """(bytes, objects): what the holder is called."""
    return {(row["retained_bytes"], row["objects"]): row["what"] for row in report["holders"] if not row["with"]}


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "plain"])
def test_variant(go, programs, silt, oracle, variant, tmp_path):
    with Process(programs.build(go, "shapes", variant), tmp_path / "dump") as process:
        compare(oracle, process.pid, tmp_path / "dump")
        for _ in range(LOOKS):
            report = silt.json("report", process.pid, "--limit=0")
            holders = held_alone(report)
            if all(figures(fact) in holders for fact in process.facts("retained").values()):
                break
        assert process.alive()
    stripped = variant == "stripped"
    typed, explained = shares(report["heap"])
    print("%s: %.2f %% typed, %.2f %% explained" % (variant, 100 * typed, 100 * explained))
    assert stripped or typed > TYPED_AT_LEAST
    assert explained > EXPLAINED_AT_LEAST
    assert report["target"]["stripped"] == stripped
    for name, fact in process.facts("retained").items():
        holder = holders[figures(fact)]
        assert stripped or holder == name


@pytest.mark.parametrize("number, experiment", EXPERIMENTS)
def test_experiment(trees, number, experiment, programs, silt, oracle, tmp_path):
    if number not in trees:
        pytest.skip("Go %s is not at hand" % number)
    program = tmp_path / "shapes"
    Go(number, trees[number]).run("build", "-o", program, ".", cwd=programs.sources / "shapes",
                                  env={"CGO_ENABLED": "0", "GOEXPERIMENT": experiment})
    with Process(program, tmp_path / "dump") as process:
        compare(oracle, process.pid, tmp_path / "dump")
        report = silt.json("report", process.pid, "--limit=0")
    assert min(shares(report["heap"])) > TYPED_AT_LEAST


def keeps(answers, kept, waiting):
    maps, goroutines = answers
    largest = maps["maps"][0]
    assert (largest["entries"], largest["type"]) == (int(kept["count"]), "map[string]*main.Entry")
    assert largest["retained_bytes"] > int(kept["bytes"])
    assert sum("ait at " in row["top"] for row in goroutines["goroutines"]) == int(waiting["count"])


@pytest.mark.oldest_and_newest
def test_plugin(go, programs, silt, tmp_path):
    """A module that is loaded later: its functions, its types and what its variables keep; also away from it."""
    sources, part, program = programs.sources / "plugged", tmp_path / "part.so", tmp_path / "plugged"
    go.run("build", "-buildmode=plugin", "-o", part, "./part", cwd=sources, env={"CGO_ENABLED": "1"})
    go.run("build", "-o", program, ".", cwd=sources, env={"CGO_ENABLED": "1"})
    snapshot = tmp_path / "snapshot"
    with Process(program, part) as process:
        silt.run("snap", process.pid, "-o", snapshot)
        answers = [silt.json("maps", process.pid), silt.json("goroutines", process.pid)]
        kept, waiting = process.facts("kept")["entries"], process.facts("waiting")["goroutines"]
    part.unlink()
    keeps(answers, kept, waiting)
    keeps([silt.json("maps", snapshot), silt.json("goroutines", snapshot)], kept, waiting)


@pytest.mark.parametrize("stripped", [False, True])
def test_archive(go, programs, silt, tmp_path, stripped):
    """C has the main function and calls Go: goroutine 1 has ended."""
    sources, archive, program = programs.sources / "archived", tmp_path / "archived.a", tmp_path / "archived"
    go.run("build", "-buildmode=c-archive", "-o", archive, ".", cwd=sources, env={"CGO_ENABLED": "1"})
    subprocess.run(["cc", *(["-s"] if stripped else []), "-o", program, "-x", "c", sources / "main.c.txt", "-x", "none",
                    archive, "-lpthread"], check=True)
    with Process(program) as process:
        keeps([silt.json("maps", process.pid), silt.json("goroutines", process.pid)],
              process.facts("kept")["entries"], process.facts("waiting")["goroutines"])
