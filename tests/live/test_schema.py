"""`silt schema` of documents in maps: the struct that it prints decodes and encodes the same documents, strictly, and
takes as much less memory as silt has said."""
import json
import shutil
import subprocess

import pytest

from programs import Process, Programs


def plain(i):
    """As a service has them: the same keys, some of them not always."""
    document = {"id": "p-%d" % i, "name": "Product number %d" % i, "price": i + 0.5, "in_stock": i % 2 == 0,
                "size": {"width": i, "height": 7.25, "unit": "centimetres"}, "discount": None if i % 5 else 0.25}
    if i % 3 == 0:
        document["supplier"] = {"name": "Supplier %d of many" % (i % 10), "url": "https://example.org/%d" % i}
    return document


def odd(i):
    """What JSON allows: types that differ, lists of lists, keys that are no names, keys that are data."""
    return {
        "mixed": [i, "text", None, {"a": 1}][i % 4],
        "list": [{"n": k, "maybe": "x"} if k % 2 else {"n": k} for k in range(i % 4)],
        "matrix": [[1.5, 2], [], [i]],
        "empty": [],
        "holes": [1, None, i] if i % 2 else None,
        "some-name": i, "some_name": True, "9lives": "nine", "größe": "ß", "with space": 1, "_": 2,
        "quote\"d": "no tag can have it" if i == 0 else None,
        "by_user": {"user-%d" % ((i * k) % 991): {"visits": k, "last": "2026-01-%02d" % (k + 1)} for k in range(1, 4)},
        "HTTPServer": {"url": "u", "ttl": i, "nested": {"deeper": {"deepest": [i]}}},
        "absent": None,
    }


def write(path, make, count):
    documents = [make(i) for i in range(count)]
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return documents


def schema_of(silt, program, path):
    with Process(program, path) as process:
        findings = [finding for finding in silt.json("report", process.pid, "--limit=0")["findings"]
                    if finding["kind"] == "map-any"]
        done = silt.run("schema", process.pid, findings[0]["id"])
        assert done.returncode == 0, done.stderr
        return done.stdout, findings, int(process.facts("heap")["documents"]["bytes"])


@pytest.fixture
def typed(programs, tmp_path):
    """Builds the program with the struct as its document."""
    def build(go, source):
        shutil.copytree(programs.sources / "documents", tmp_path / "documents")
        (tmp_path / "documents/document.go").write_text("package main\n\n" + source.replace("Documents", "document"))
        return Programs(tmp_path, tmp_path / "built").build(go, "documents")
    return build


@pytest.mark.oldest_and_newest
def test_plain_documents(silt, go, programs, typed, tmp_path):
    documents = write(tmp_path / "lines", plain, 2000)
    source, findings, any_bytes = schema_of(silt, programs.build(go, "documents"), tmp_path / "lines")
    with Process(typed(go, source), tmp_path / "lines") as process:
        struct_bytes = int(process.facts("heap")["documents"]["bytes"])
        for i in (0, 1, 2, 3, 5, 30, 1999):
            wanted = {key: value for key, value in documents[i].items()}
            assert json.loads(process.ask(str(i))) == wanted
    assert len(findings) == 1 and findings[0]["count"] == 2000
    assert abs(findings[0]["frees_bytes"] - (any_bytes - struct_bytes)) < 0.05 * any_bytes


def without_unnamed(document):
    return {key: value for key, value in document.items() if key != 'quote"d'}


@pytest.mark.oldest_and_newest
def test_odd_documents(silt, go, programs, typed, tmp_path):
    """What no tag can name is left out of the struct and said in a comment; all else comes back."""
    documents = write(tmp_path / "lines", odd, 100)
    source, _, _ = schema_of(silt, programs.build(go, "documents"), tmp_path / "lines")
    assert "no tag can name the key" in source
    documents = [without_unnamed(document) for document in documents]
    (tmp_path / "named").write_text("".join(json.dumps(document) + "\n" for document in documents))
    with Process(typed(go, source), tmp_path / "named") as process:
        for i, document in enumerate(documents):
            assert json.loads(process.ask(str(i))) == document


@pytest.mark.oldest_and_newest
def test_is_formatted(silt, go, newest, programs, tmp_path):
    write(tmp_path / "lines", odd, 100)
    source, _, _ = schema_of(silt, programs.build(go, "documents"), tmp_path / "lines")
    done = subprocess.run([newest.root / "bin/gofmt"], input="package main\n\n" + source, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "package main\n\n" + source


@pytest.mark.oldest_and_newest
def test_one_tree_and_questions_without_answer(silt, go, programs, tmp_path):
    write(tmp_path / "lines", plain, 300)
    with Process(programs.build(go, "documents"), tmp_path / "lines") as process:
        finding, = [finding for finding in silt.json("report", process.pid)["findings"] if finding["kind"] == "map-any"]
        one = silt.json("schema", process.pid, finding["address"])["schema"]
        assert one["trees"] == 1 and "Discount" in one["source"]
        numbers = [silt.run("schema", process.pid, "f%d" % number) for number in range(1, 9)]
        assert [done.returncode for done in numbers].count(0) == 1
        for question in ("map-any/nothing", "0x1", "0xq", "f0", "f1x"):
            done = silt.run("schema", process.pid, question)
            assert done.returncode == 2 and done.stderr.startswith("silt: ") and done.stderr.count("\n") == 1
        assert silt.run("snap", process.pid, "-o", tmp_path / "snapshot").returncode == 0
    done = silt.run("schema", tmp_path / "snapshot", finding["id"])
    assert done.returncode == 3 and "--contents" in done.stderr
    known, = [other for other in silt.json("report", tmp_path / "snapshot")["findings"] if other["kind"] == "map-any"]
    assert known["id"] == finding["id"] and abs(known["frees_bytes"] - finding["frees_bytes"]) < \
        0.1 * finding["frees_bytes"]
