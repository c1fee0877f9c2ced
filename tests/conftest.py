"""A small BIDS data set, made anew for each test, and the folder of the pipeline."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import settings

# A test of a loaded machine is slow, not wrong.
settings.register_profile("sonolesion", deadline=None)
settings.load_profile("sonolesion")
ROOT = Path(__file__).resolve().parents[1]
INTERVENTION_COLUMNS = [
    "participant_id",
    "intervention_id",
    "day",
    "kind",
    "side",
    "painful_side",
    "target_frame",
    "target_origin",
    "target_axes",
    "target_image",
    "target_space",
    "target_x_mm",
    "target_y_mm",
    "target_z_mm",
]


class Dataset:
    """Writes a data set piece by piece."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seed = 0
        folder.mkdir(parents=True)
        (folder / "README").write_text("Made by a test.\n")
        description = {"Name": "test", "BIDSVersion": "1.10.0", "DatasetType": "raw"}
        (folder / "dataset_description.json").write_text(json.dumps(description))

    def scan(
        self,
        subject: str,
        session: str,
        name: str,
        *,
        datatype: str = "anat",
        sidecar: Mapping[str, Any] | None = None,
        change: Callable[[nib.Nifti1Image], nib.Nifti1Image] = lambda image: image,
        shape: tuple[int, ...] = (16, 18, 20),
    ) -> Path:
        """Write one scan of noise and its sidecar; `change` may spoil it."""
        self.seed += 1
        data = np.random.default_rng(self.seed).uniform(1, 100, shape).astype(np.float32)
        image = nib.Nifti1Image(data, np.diag([2.0, 2.0, 2.0, 1.0]))
        image.header.set_xyzt_units("mm", "sec")
        image.set_qform(image.affine, 1)
        image.set_sform(image.affine, 1)
        place = self.folder / f"sub-{subject}" / f"ses-{session}" / datatype
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"sub-{subject}_ses-{session}_{name}.nii.gz"
        nib.save(change(image), path)
        content = {"MagneticFieldStrength": 3} if sidecar is None else dict(sidecar)
        path.with_name(path.name.replace(".nii.gz", ".json")).write_text(json.dumps(content))
        return path

    def sessions(self, subject: str, days: Mapping[str, object], column: str = "") -> Path:
        """Write the table of sessions."""
        rows = [f"session_id\t{column or 'days_from_treatment'}"]
        rows += [f"ses-{label}\t{day}" for label, day in days.items()]
        path = self.folder / f"sub-{subject}" / f"sub-{subject}_sessions.tsv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(rows) + "\n")
        return path

    def patient(self, subject: str, days: Mapping[str, float], contrasts: str = "T1w T2w") -> None:
        """Write a patient with every contrast at every session."""
        self.sessions(subject, days)
        for session in days:
            for contrast in contrasts.split():
                self.scan(subject, session, contrast)

    def interventions(self, *rows: Mapping[str, object]) -> Path:
        """Write the table of interventions; columns left out get a sound default."""
        default = {
            "intervention_id": "fus1",
            "day": 0,
            "kind": "fus",
            "side": "left",
            "painful_side": "right",
            "target_frame": "mni",
            "target_space": "MNI152NLin2009cAsym",
            "target_x_mm": -8,
            "target_y_mm": -20,
            "target_z_mm": 8,
        }
        lines = ["\t".join(INTERVENTION_COLUMNS)]
        for row in rows:
            whole = default | dict(row)
            lines.append("\t".join(str(whole.get(name, "n/a")) for name in INTERVENTION_COLUMNS))
        path = self.folder / "phenotype" / "interventions.tsv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
        return path


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset(tmp_path / "bids")


@pytest.fixture
def root() -> Path:
    return ROOT
