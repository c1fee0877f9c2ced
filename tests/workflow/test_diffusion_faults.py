"""A faulty diffusion scan blocks the tensor of its own session, on the real rules."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.workflow

B_VALUES = "0 1000 1000 1000 1000 1000 1000"
ROWS = [[0, 0, 0], [1, 1, 0], [1, -1, 0], [0, 1, 1], [0, 1, -1], [1, 0, 1], [-1, 0, 1]]
ENCODED = {"PhaseEncodingDirection": "j", "TotalReadoutTime": 0.04}
SESSIONS = {"pre": -3, "3d": 3, "1m": 30}


def text(rows: np.ndarray) -> str:
    return "\n".join(" ".join(f"{v:.6f}" for v in row) for row in rows)


def test_a_bad_session_blocks_no_other(study) -> None:
    """One table is transposed (seen when the study is planned), one fails at the gate."""
    vectors = np.array(ROWS) / np.sqrt(2.0)
    study.dataset.patient("1", SESSIONS)
    for session in SESSIONS:
        shape = (16, 18, 20, 7)
        scan = study.dataset.scan("1", session, "dwi", datatype="dwi", shape=shape, sidecar=ENCODED)
        stem = scan.name.removesuffix(".nii.gz")
        scan.with_name(f"{stem}.bval").write_text(B_VALUES)
        table = vectors if session == "3d" else vectors.T
        scan.with_name(f"{stem}.bvec").write_text(text(table))
    for part in ("mag", "phase"):
        for echo in (1, 2):
            name = f"echo-{echo}_part-{part}_MEGRE"
            study.dataset.scan("1", "pre", name, sidecar={"EchoTime": 0.01 * echo})
    study.break_("diffusion_gradients 1 1m")
    assert study.run() == 1

    states = study.states()
    assert states["diffusion/gradients/1_1m"] == "failed"
    for step in ("preproc", "space", "tensor"):
        assert states[f"diffusion/{step}/1_1m"] == "not reached"
        assert states[f"diffusion/{step}/1_pre"] == "run"
    assert not [log for log in states if log.startswith("diffusion") and log.endswith("1_3d")]
    assert states["susceptibility/field/1_pre"] == "run"
    assert states["tracts/track/1"] == states["diffusion/adc/1_1m"] == "run"
    for session in ("3d", "1m"):
        assert states[f"lesion/offtarget/1_{session}_fus1"] == "run"
        assert states[f"anatomy/contrast/1_{session}_T2w"] == "run"

    (blocked,) = study.ledger("blocked")
    assert (blocked["session_id"], blocked["modality"]) == ("ses-3d", "dwi")
    assert "sub-1_ses-3d_dwi.bvec: found 7 lines of 3 numbers (transposed" in blocked["reason"]
    assert blocked["remedy"].startswith("write it as 3 lines")
    assert (study.output / "sub-1.html").exists()
