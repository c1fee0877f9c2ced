from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.core.tables import read_tsv, write_text, write_tsv

CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1)


def test_missing_cells_are_written_as_bids_wants(tmp_path: Path) -> None:
    write_tsv(tmp_path / "t.tsv", [{"a": 1, "b": None}], columns=["a", "b", "c"])
    assert (tmp_path / "t.tsv").read_text() == "a\tb\tc\n1\tn/a\tn/a\n"


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    path = tmp_path_factory.mktemp("tables") / "t.tsv"
    rows = [row for row in rows if '"' not in row[0] + row[1]]
    write_tsv(path, [{"a": a, "b": b} for a, b in rows], columns=["a", "b"])
    assert [(row["a"], row["b"]) for row in read_tsv(path)] == rows


def test_row_of_other_length_is_named_by_line(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("a\tb\n1\t2\n3\n")
    with pytest.raises(InputFault, match="line 3: found 1 fields; expected 2"):
        read_tsv(tmp_path / "t.tsv")


def test_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("a\tb\n")
    with pytest.raises(InputFault, match="expected also day"):
        read_tsv(tmp_path / "t.tsv", required=["a", "day"])


def test_unchanged_file_keeps_its_time(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    write_text("x", path)
    before = path.stat().st_mtime_ns
    write_text("x", path)
    assert path.stat().st_mtime_ns == before
