"""What the steps that write series say of the time between their volumes."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from sonolesion.core import images
from sonolesion.core.config import Settings
from sonolesion.core.tables import write_tsv
from sonolesion.functional.preparation import Prepared
from sonolesion.maths.rigid_motion import RIGID

FUNCTIONAL = Settings().model_dump(mode="json")["functional"]
SHAPE, N, TR_S = (4, 4, 3), 120, 2.2
AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])


def step(root: Path, name: str) -> Any:
    """Return a script as a module."""
    spec = importlib.util.spec_from_file_location(name, root / f"scripts/functional/{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def header(path: Path) -> tuple[float, str]:
    """Return the step between volumes and its unit."""
    found = images.header(path).header
    return float(found.get_zooms()[3]), str(found.get_xyzt_units()[1])


@pytest.fixture
def denoise(tmp_path: Path, root: Path) -> Callable[[tuple[int, ...]], tuple[Path, dict[str, Any]]]:
    """Return a call of the step that drops some frames."""
    module, rng = step(root, "denoise"), np.random.default_rng(0)
    files = {name: str(tmp_path / file) for name, file in {
        "bold": "bold.nii.gz", "brain": "brain.nii.gz", "confounds": "confounds.tsv",
        "confounds_sidecar": "confounds.json", "denoised": "denoised.nii.gz",
        "sidecar": "denoised.json", "measures": "measures.tsv",
    }.items()}  # fmt: skip
    series = rng.normal(100.0, 1.0, (*SHAPE, N)).astype(np.float32)
    images.save(files["bold"], series, AFFINE, step_s=TR_S)
    images.save(files["brain"], np.ones(SHAPE, bool), AFFINE)
    images.write_json(files["confounds_sidecar"], {"RepetitionTime": TR_S, "Mark": ""})
    columns = {name: rng.normal(size=N) for name in (*RIGID, "white_matter", "csf")}
    labels = {"participant_id": "sub-1", "session_id": "ses-1", "day": 0.0}

    def call(dropped: tuple[int, ...]) -> tuple[Path, dict[str, Any]]:
        kept = {"kept": np.where(np.isin(np.arange(N), dropped), 0.0, 1.0)}
        rows = [{name: c[n] for name, c in (columns | kept).items()} for n in range(N)]
        write_tsv(files["confounds"], rows, columns=[*rows[0]])
        settings = FUNCTIONAL["denoising"] | {"strategy": "minimal"}
        module.main(**files, labels=labels, denoising=settings)
        return Path(files["denoised"]), images.read_json(files["sidecar"])

    return call


def test_a_denoised_run_has_the_repetition_time_unless_frames_were_dropped(denoise: Any) -> None:
    path, told = denoise(())
    assert header(path) == (pytest.approx(TR_S), "sec")
    assert (told["RepetitionTime"], told["TimeStepInHeader"]) == (TR_S, "RepetitionTime")
    path, told = denoise((40, 41))
    assert header(path)[1] == "unknown"
    assert images.load(path).data.shape == (*SHAPE, N - 2)
    assert (told["RepetitionTime"], told["FramesKept"]) == (TR_S, N - 2)
    assert told["TimeStepInHeader"] == "none: frames were dropped"
    error = 1 / np.sqrt(told["Freedom"]["left"] - 2)
    assert told["FisherZStandardError"] == pytest.approx(error, abs=1e-3)


def test_a_corrected_run_has_the_repetition_time(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, rng = step(root, "preproc"), np.random.default_rng(1)
    series = rng.normal(100.0, 1.0, (*SHAPE, 10)).astype(np.float32)
    native, flat = tmp_path / "native.nii.gz", tmp_path / "flat.nii.gz"
    nib.save(nib.Nifti1Image(series, AFFINE), native)
    images.save(flat, series[..., 0], AFFINE)
    images.write_affine(tmp_path / "xfm.txt", np.eye(4))
    made = Prepared(series[..., 2:], series[..., 0], series[..., 0], np.ones(SHAPE, bool), [],
                    {"DistortionMethod": "none"})  # fmt: skip
    monkeypatch.setattr(module.preparation, "prepared", lambda *_, **__: made)
    limits = FUNCTIONAL["volumes"] | {"accept_short": True}
    outputs = ("bold.nii.gz", "boldref.nii.gz", "brain.nii.gz", "motion.tsv", "sidecar.json",
               "png.png")  # fmt: skip
    module.main(
        native=str(native), alike=[], partner=[], b0_map=[], map_to_acpc=[], t1w=str(flat),
        mask=str(flat), t1w_to_acpc=str(tmp_path / "xfm.txt"), volumes=limits, slice_timing={},
        run={"repetition_s": TR_S, "n_discarded": 2}, realignment={}, brain_mask={},
        distortion={}, head_radius_mm=50.0,
        **{name.partition(".")[0]: str(tmp_path / name) for name in outputs},
    )  # fmt: skip
    assert header(tmp_path / "bold.nii.gz") == (pytest.approx(TR_S), "sec")
    assert images.read_json(tmp_path / "sidecar.json")["RepetitionTime"] == TR_S
