"""Blood flow by the stage's own kernels, on the phantom's true tissue: no registration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from campaign.patient_study import Study
from campaign.perfusion_study import truth_of
from sonolesion.core import bids, config, images
from sonolesion.ingest import asl, scans
from sonolesion.perfusion import mapping, preparation

TISSUES = ("GM", "WM", "CSF")


def write_maps(study: Study, out: str, visit: str, configured: dict[str, Any]) -> None:
    """Write the maps of a visit as the pipeline names them, with equation and constants."""
    settings = config.parse(configured, file="benchmark").perfusion
    folder = study.folder / "bids"
    cache = scans.Cache(study.folder / "scans.json", folder)
    (scan,) = (
        one for one in bids.scans_of(folder, study.label, visit) if one.modality == "asl"
    )  # fmt: skip
    told = asl.params(scan, cache.sidecar(scan), settings, cache)
    raw = images.load(folder / scan.path)
    own = images.load(folder / told["m0_scan"]).data[..., None] if told["m0_scan"] else None
    steps = settings.model_dump(mode="json")
    data = raw.data if raw.data.ndim > 3 else raw.data[..., None]
    done = preparation.prepared(data, own, raw.affine, told=told, motion=steps["motion"])
    shares = [truth_of(study, visit, f"label-{name}_probseg") for name in TISSUES]
    tissue = mapping.Tissue(
        np.stack(shares, axis=3).astype(np.float32),
        truth_of(study, visit, "desc-brain_mask") > 0,
    )
    maps = mapping.made(
        done.differences, done.m0, None, tissue, told=told, outliers=steps["outliers"],
        voxel_mm=np.linalg.norm(raw.affine[:3, :3], axis=0),
        min_m0_share=steps["calibration"]["min_m0_share"],
        partial_volume=steps["partial_volume"], delays=steps["delays"],
    )  # fmt: skip
    names = ("cbf", "desc-pvcGM_cbf", "desc-pvcWM_cbf", "att")
    for name, volume in zip(names, maps.volumes, strict=True):
        images.save(study.of(out, visit, f"_{name}.nii.gz"), volume, raw.affine)
    constants = {"EquationName": told["equation"], "Constants": told["constants"]}
    images.write_json(study.of(out, visit, "_cbf.json"), constants)


def visits_of(folder: Path) -> list[str]:
    """Return the visits of a data set of one patient."""
    found = folder.glob("bids/sub-*/ses-*")
    return sorted(path.name.removeprefix("ses-") for path in found)
