from __future__ import annotations

from pathlib import Path

import pytest

from sonolesion.core import codehash


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "step.py"
    path.write_text('"""Doc."""\nfrom sonolesion.core import tables\n\nX = 1\n')
    return path


def fresh(path: Path) -> str:
    for function in (codehash.code_hash, codehash._canonical, codehash._parsed, codehash._imported):
        function.cache_clear()
    return codehash.code_hash(str(path))


def test_comments_docstrings_and_layout_do_not_count(script: Path) -> None:
    before = fresh(script)
    script.write_text('"""Other."""\n# why\nfrom sonolesion.core import tables\nX   =  1\n')
    assert fresh(script) == before


def test_code_counts(script: Path) -> None:
    before = fresh(script)
    script.write_text(script.read_text().replace("X = 1", "X = 2"))
    assert fresh(script) != before


def test_imported_modules_count(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fresh(script)
    original = codehash._module_files
    extra = script.with_name("extra.py")
    extra.write_text("Y = 3\n")
    monkeypatch.setattr(codehash, "_module_files", lambda name: [*original(name), extra])
    assert fresh(script) != before


def test_the_harness_does_not_count(script: Path) -> None:
    found = {path.name for path in codehash._closure(script)}
    script.write_text(script.read_text() + "from sonolesion.core.run import run\n")
    for function in (codehash._canonical, codehash._parsed, codehash._imported):
        function.cache_clear()
    assert "run.py" not in {path.name for path in codehash._closure(script)}
    assert "tables.py" in found
