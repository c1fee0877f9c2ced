"""The steps that read raw voxels refuse what can't be used, before anything else."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from sonolesion.core.errors import InputFault

STEPS = {"space": "t1w", "t1w": "native", "contrast": "native"}


def script(root: Path, step: str) -> ModuleType:
    path = root / "scripts" / "anatomy" / f"{step}.py"
    spec = importlib.util.spec_from_file_location(f"anatomy_{step}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(root: Path, step: str, scan: Path) -> None:
    """Call a step with the scan; of the rest nothing is there."""
    main = script(root, step).main
    given: dict[str, Any] = dict.fromkeys(inspect.signature(main).parameters, "nowhere.nii.gz")
    main(**given | {STEPS[step]: str(scan)})


@pytest.mark.parametrize("step", STEPS)
def test_volume_with_nan(dataset, root: Path, step: str) -> None:
    def spoilt(image: nib.Nifti1Image) -> nib.Nifti1Image:
        data = np.asarray(image.dataobj).copy()
        data[4, 4, 4] = np.nan
        return nib.Nifti1Image(data, image.affine, image.header)

    scan = dataset.scan("1", "pre", "T1w", change=spoilt)
    with pytest.raises(InputFault, match=r"T1w\.nii\.gz: found 1 of 5760 voxels that are NaN"):
        call(root, step, scan)


@pytest.mark.parametrize("step", STEPS)
def test_truncated_file(dataset, root: Path, step: str) -> None:
    scan = dataset.scan("1", "pre", "T1w")
    scan.write_bytes(scan.read_bytes()[:4000])
    with pytest.raises(InputFault, match=r"T1w\.nii\.gz: found .*end early.*Remedy: copy"):
        call(root, step, scan)
