from __future__ import annotations

import pytest

from sonolesion.core.errors import InputFault
from sonolesion.core.gradients import read


def test_table_by_hand(tmp_path) -> None:
    (tmp_path / "a.bval").write_text("0 1000\n")
    (tmp_path / "a.bvec").write_text("0 1\n0 0\n0 0\n")
    table = read(tmp_path / "a.bval", tmp_path / "a.bvec", n_volumes=2)
    assert table.b_values.tolist() == [0, 1000]
    assert table.vectors.tolist() == [[0, 0, 0], [1, 0, 0]]


def test_a_square_table_is_read_as_it_should_be_written(tmp_path) -> None:
    (tmp_path / "a.bval").write_text("0 1000 1000\n")
    (tmp_path / "a.bvec").write_text("0 1 0\n0 0 1\n0 0 0\n")
    table = read(tmp_path / "a.bval", tmp_path / "a.bvec", n_volumes=3)
    assert table.vectors.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]


def test_no_directions_are_zeros(tmp_path) -> None:
    (tmp_path / "a.bval").write_text("0\n1000\n")
    assert not read(tmp_path / "a.bval", None, n_volumes=2).vectors.any()


@pytest.mark.parametrize(
    ("b_values", "vectors", "told"),
    [
        ("0 1000 1000", None, "3 b-values"),
        ("", None, "0 b-values"),
        ("0 -5", None, "smallest -5"),
        ("0 many", None, "could not convert"),
        ("0 nan", None, "NaN"),
        ("0 1000", "1 0 0\n", "1 lines of 3"),
        ("0 1000", "0 0 0\n1 0 0\n", "transposed.*Remedy: write it as 3 lines"),
        ("0 1000", "0 0 0 0\n1 0 0 1000\n", "MRtrix.*Remedy: export"),
        ("0 1000", "0 1\n0\n0 0\n", "inhomogeneous"),
    ],
)
def test_faulty_tables_are_named(tmp_path, b_values: str, vectors: str | None, told: str) -> None:
    (tmp_path / "a.bval").write_text(b_values)
    (tmp_path / "a.bvec").write_text(vectors or "")
    with pytest.raises(InputFault, match=told):
        read(tmp_path / "a.bval", tmp_path / "a.bvec" if vectors else None, n_volumes=2)
