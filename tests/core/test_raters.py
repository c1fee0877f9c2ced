"""Whose mask is whose, and of which case."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sonolesion import cli
from sonolesion.core import images, raters
from sonolesion.core.errors import InputFault
from sonolesion.core.tables import read_tsv

MASK = "sub-{}_ses-3d_space-acpc_label-lesion_desc-t1_mask.nii.gz"
CASE = ("01", "3d", "t1")


def put(folder: Path, name: str, size: int = 3, affine: float = 1.0) -> Path:
    data = np.zeros((8, 8, 8), dtype=np.uint8)
    data[2 : 2 + size, 2:5, 2:5] = 1
    images.save(folder / name, data, np.diag([affine, affine, affine, 1]))
    return folder / name


def test_an_output_folder_gives_the_automatic_lesion(tmp_path: Path) -> None:
    anat = tmp_path / "sub-01/ses-3d/anat"
    stem = "sub-01_ses-3d_space-acpc"
    for name in (
        f"{stem}_label-lesion_desc-t1_mask.nii.gz",
        f"{stem}_seg-lesionzones_desc-t1_dseg.nii.gz",
        f"{stem}_label-lesion_desc-t1auto_probseg.nii.gz",
        f"{stem}_label-lesion_desc-t1_probseg.nii.gz",
        f"{stem}_label-core_desc-t1auto_probseg.nii.gz",
        f"{stem}_label-offtarget_desc-t1_dseg.nii.gz",
        f"{stem}_desc-preproc_T1w.nii.gz",
    ):
        put(anat, name)
    put(tmp_path / "corrections", MASK.format("01"))
    put(tmp_path / "sub-01/anat", "sub-01_space-acpc_desc-brain_mask.nii.gz")
    (one,) = raters.from_folder(tmp_path, rater="ours")
    assert one.path.name.endswith("t1auto_probseg.nii.gz")
    assert (one.case, one.has_labels) == (CASE, False)


def test_a_folder_without_masks_and_one_with_two_of_a_case(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="found no mask"):
        raters.from_folder(tmp_path, rater="A")
    put(tmp_path / "a", MASK.format("01"))
    put(tmp_path / "b", MASK.format("01"))
    with pytest.raises(InputFault, match="second mask of 01 3d t1"):
        raters.from_folder(tmp_path, rater="A")


def test_a_table_names_raters_and_files(tmp_path: Path) -> None:
    table = tmp_path / "r.tsv"
    head = "rater\tparticipant_id\tsession_id\tmask\n"
    table.write_text(f"{head}ann\tsub-01\tses-3d\tann/x.nii.gz\nbob\t01\t3d\ty.nii.gz\n")
    found = raters.from_table(table)
    assert [(one.rater, one.case) for one in found] == [
        ("ann", ("01", "3d", "")),
        ("bob", ("01", "3d", "")),
    ]
    assert found[0].path == tmp_path / "ann/x.nii.gz"
    assert list(raters.by_case(found)) == [("01", "3d", "")]
    table.write_text(f"{head}ann\t01\t3d\tx\nann\tsub-01\t3d\ty\n")
    with pytest.raises(InputFault, match="line 3: found a second mask"):
        raters.from_table(table)


def test_raters_are_named_by_their_folders() -> None:
    assert raters.names_of([Path("/a/ann"), Path("/a/bob")]) == ["ann", "bob"]
    assert raters.names_of([Path("/ann/masks"), Path("/bob/masks")]) == ["ann-masks", "bob-masks"]
    assert raters.names_of([]) == []


def test_the_command_writes_tables_and_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for subject, sizes in {"01": (3, 4), "02": (2, 2), "03": (4, 3), "04": (0, 0)}.items():
        for rater, size in zip("AB", sizes, strict=True):
            put(tmp_path / rater, MASK.format(subject), size)
    put(tmp_path / "A", MASK.format("09"))
    out = tmp_path / "out"
    given = ["agreement", str(tmp_path / "A"), str(tmp_path / "B"), "--out", str(out)]
    assert cli.main(given) == 0
    assert "4 cases compared" in capsys.readouterr().out
    pairs = read_tsv(out / "agreement_pairs.tsv")
    assert [row["dice"] for row in pairs] == ["0.857143", "1", "0.857143", "1"]
    assert pairs[3]["outcome"] == "both not visible"
    (summary,) = read_tsv(out / "agreement_summary.tsv")
    assert (summary["n_both_visible"], summary["n_both_empty"]) == ("3", "1")
    icc = read_tsv(out / "agreement_icc.tsv")
    assert [row["n_cases"] for row in icc] == ["3", "3"]
    assert "1 masks have no counterpart" in (out / "agreement.html").read_text()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert cli.main(given) == 0
    assert before == {path.name: path.read_bytes() for path in out.iterdir()}


def test_masks_on_two_grids_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path / "A", MASK.format("01"))
    put(tmp_path / "B", MASK.format("01"), affine=2.0)
    out = str(tmp_path / "out")
    assert cli.main(["agreement", str(tmp_path / "A"), str(tmp_path / "B"), "--out", out]) == 2
    assert "expected grid" in capsys.readouterr().err


def test_raters_without_a_common_case_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "A", MASK.format("01"))
    put(tmp_path / "B", MASK.format("02"))
    assert cli.main(["agreement", str(tmp_path / "A"), str(tmp_path / "B")]) == 2
    assert "no case that two raters outlined" in capsys.readouterr().err


@pytest.mark.parametrize("given", [[], ["one"], ["a", "b", "--table", "t.tsv"]])
def test_wrong_use_is_told(given: list[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["agreement", *given])
