"""What silt reads against what the runtime itself writes by debug.WriteHeapDump."""
import subprocess

from programs import Process


def compare(oracle, target, dump, exe=None):
    """Runs the comparison; its TAP lines say what was compared and how much of it was wrong."""
    done = subprocess.run([oracle, str(target), dump] + ([exe] if exe else []), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout
    assert sum(line.startswith("ok ") for line in lines) == 13, done.stdout


def test_heap_dump(go, programs, oracle, tmp_path):
    with Process(programs.build(go, "shapes"), tmp_path / "dump") as process:
        compare(oracle, process.pid, tmp_path / "dump")
        assert process.alive()
