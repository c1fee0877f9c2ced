"""A larger exclusion on request: every visit anew from the confounds on, and nothing else."""

from __future__ import annotations

import nibabel as nib
import pytest

pytestmark = pytest.mark.workflow

VISITS = ("pre", "3d")
AGAIN = ("confounds", "denoise", "activity", "connectivity")
LARGER = "functional: { exclusion: { radius_mm: 22 } }\n"


def timed(image: nib.Nifti1Image) -> nib.Nifti1Image:
    image.header.set_zooms((2.0, 2.0, 2.0, 2.0))
    image.header.set_xyzt_units("mm", "sec")
    return image


def test_a_larger_radius_does_the_functional_stage_of_all_visits_anew(study, tmp_path) -> None:
    for session in VISITS:
        study.dataset.scan(
            "1", session, "task-rest_bold", datatype="func", shape=(8, 9, 10, 160),
            sidecar={"RepetitionTime": 2.0}, change=timed,
        )  # fmt: skip
    assert study.run() == 0
    network = {"functional_network 1 3d fus1"}
    assert network <= set(study.ran())

    (tmp_path / "larger.yaml").write_text(LARGER)
    assert study.run("--config", str(tmp_path / "larger.yaml")) == 0
    again = {f"functional_{step} 1 {session}" for step in AGAIN for session in VISITS}
    pages = {"functional_group_qcfc", "measures_tables", "report_group", "report_subject 1"}
    ran = {name.strip() for name in study.ran()}
    assert ran - pages == again | network
