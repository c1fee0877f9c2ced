"""The steps that read a raw diffusion scan refuse what only its voxels tell."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sonolesion.core.errors import InputFault


@pytest.mark.parametrize("step", ["adc", "gradients"])
def test_an_empty_volume_is_named(dataset, root: Path, step: str) -> None:
    def emptied(image: nib.Nifti1Image) -> nib.Nifti1Image:
        data = np.asarray(image.dataobj).copy()
        data[..., 2] = 0
        return nib.Nifti1Image(data, image.affine, image.header)

    shape = (16, 18, 20, 4)
    scan = dataset.scan("1", "3d", "dwi", datatype="dwi", shape=shape, change=emptied)
    spec = importlib.util.spec_from_file_location(step, root / f"scripts/diffusion/{step}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    given = dict.fromkeys(inspect.signature(module.main).parameters, "nowhere")
    told = r"dwi\.nii\.gz: found volume 2 empty \(counted from 0\).*Remedy: convert"
    with pytest.raises(InputFault, match=told):
        module.main(**given | {"native": str(scan)})
