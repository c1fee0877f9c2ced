from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonolesion.core import streamlines
from sonolesion.core.errors import InputFault

GRID: dict[str, Any] = {"affine": np.diag([1.0, 1, 1, 1]), "shape": (193, 229, 193)}


def some() -> streamlines.Streamlines:
    points = np.random.default_rng(0).normal(0, 30, (12, 3)).astype(np.float32)
    groups = {"cst_left": np.array([0, 2]), "empty": np.array([], dtype=np.int64)}
    return streamlines.Streamlines(points, np.array([0, 5, 7, 12]), groups)


@pytest.mark.parametrize("ending", ["trx", "tck"])
def test_what_is_written_is_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "new" / f"lines.{ending}"
    streamlines.save(path, some(), **GRID)
    got = streamlines.load(path)
    np.testing.assert_array_equal(got.points, some().points)
    np.testing.assert_array_equal(got.offsets, some().offsets)
    groups = {name: numbers.tolist() for name, numbers in got.groups.items()}
    assert groups == ({"cst_left": [0, 2], "empty": []} if ending == "trx" else {})


@pytest.mark.parametrize("ending", ["trx", "tck"])
def test_no_streamline_at_all(tmp_path: Path, ending: str) -> None:
    none = streamlines.Streamlines(np.zeros((0, 3), dtype=np.float32), np.array([0]))
    path = tmp_path / f"none.{ending}"
    streamlines.save(path, none, **GRID)
    got = streamlines.load(path)
    assert (got.points.shape, got.offsets.tolist()) == ((0, 3), [0])


def test_the_same_streamlines_give_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("a.trx", "b.trx"):
        streamlines.save(tmp_path / name, some(), **GRID)
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1]


def test_trx_python_reads_it(tmp_path: Path) -> None:
    trx = pytest.importorskip("trx.trx_file_memmap", reason="trx-python is not installed")
    streamlines.save(tmp_path / "lines.trx", some(), **GRID)
    found = trx.load(str(tmp_path / "lines.trx"))
    assert [len(line) for line in found.streamlines] == [5, 2, 5]
    np.testing.assert_array_equal(np.asarray(found.streamlines.get_data()), some().points)
    assert found.groups["cst_left"].tolist() == [0, 2]
    found.close()


def test_other_endings_and_broken_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match=r"\.vtk"):
        streamlines.save(tmp_path / "lines.vtk", some(), **GRID)
    for name in ("broken.trx", "broken.tck", "absent.trx"):
        if name.startswith("broken"):
            (tmp_path / name).write_bytes(b"nothing of the kind")
        with pytest.raises(InputFault):
            streamlines.load(tmp_path / name)
