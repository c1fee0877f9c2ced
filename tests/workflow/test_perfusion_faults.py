"""A faulty perfusion scan blocks the perfusion of its own session, on the real rules."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.workflow

SIDECAR = {
    "MagneticFieldStrength": 3, "MRAcquisitionType": "3D", "ArterialSpinLabelingType": "PCASL",
    "LabelingDuration": 1.45, "PostLabelingDelay": 2.025, "BackgroundSuppression": True,
    "BackgroundSuppressionNumberPulses": 5, "M0Type": "Included",
    "RepetitionTimePreparation": 4.8,
}  # fmt: skip
STEPS = ("preproc", "space", "cbf")
SESSIONS = {"pre": -3, "3d": 3, "1m": 30, "3m": 90}


def test_a_bad_session_blocks_no_other(study) -> None:
    """One has its delay in milliseconds (seen when the study is planned), one fails at the gate."""
    study.dataset.patient("1", SESSIONS)
    for session in SESSIONS:
        told = SIDECAR | ({"PostLabelingDelay": 2025} if session == "3d" else {})
        scan = study.dataset.scan(
            "1", session, "asl", datatype="perf", shape=(16, 18, 20, 2), sidecar=told
        )
        table = scan.with_name(scan.name.replace("_asl.nii.gz", "_aslcontext.tsv"))
        table.write_text("volume_type\ndeltam\nm0scan\n")
    study.break_("perfusion_cbf 1 1m", "lesion_segment 1 3m fus1")
    assert study.run() == 1

    states = study.states()
    assert not [log for log in states if log.startswith("perfusion") and "1_3d" in log]
    assert states["perfusion/cbf/1_1m"] == "failed"
    assert states["perfusion/lesion/1_1m_fus1"] == "not reached"
    # A lesion that could not be found takes only its zones away.
    assert states["lesion/segment/1_3m_fus1"] == "failed"
    assert states["perfusion/lesion/1_3m_fus1"] == "not reached"
    for session in ("pre", "3m"):
        for step in STEPS:
            assert states[f"perfusion/{step}/1_{session}"] == "run", (session, step)
    for session in ("3d", "1m"):
        assert states[f"lesion/offtarget/1_{session}_fus1"] == "run"
        assert states[f"anatomy/contrast/1_{session}_T2w"] == "run"

    (blocked,) = study.ledger("blocked")
    assert (blocked["session_id"], blocked["modality"]) == ("ses-3d", "asl")
    assert "sub-1_ses-3d_asl.json: found PostLabelingDelay 2025" in blocked["reason"]
    assert "milliseconds" in blocked["remedy"]
    assert (study.output / "sub-1.html").exists()


def test_a_baseline_that_failed_holds_up_no_later_visit(study) -> None:
    for session in ("pre", "3d"):
        scan = study.dataset.scan(
            "1", session, "asl", datatype="perf", shape=(16, 18, 20, 2), sidecar=SIDECAR
        )
        table = scan.with_name(scan.name.replace("_asl.nii.gz", "_aslcontext.tsv"))
        table.write_text("volume_type\ndeltam\nm0scan\n")
    study.break_("perfusion_cbf 1 pre")
    assert study.run() == 1
    assert study.states()["perfusion/lesion/1_3d_fus1"] == "not reached"
    assert study.run() == 1
    assert study.states()["perfusion/lesion/1_3d_fus1"] == "run"
