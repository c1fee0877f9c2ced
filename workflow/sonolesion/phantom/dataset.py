"""Write the study as a BIDS data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from sonolesion.core import images
from sonolesion.core.settings.phantom_signal import DiffusionScan, MultiEchoScan, Scan
from sonolesion.phantom.acquisition import Acquired

Row = Mapping[str, object]
BIDS_VERSION = "1.10.0"
README = """# A digital study with known truth

Made by the phantom of sonolesion from the ICBM 152 template and signal equations: no person
was scanned. The truth lies in the folder `truth` beside this one; no analysis may read it.
`phenotype/interventions.tsv` holds the plans, `phenotype/sonications.tsv` the sonications.
"""
PARTICIPANTS = {
    "participant_id": {"Description": "Participant."},
    "species": {"Description": "Species the anatomy stands for."},
}
SESSIONS = {
    "session_id": {"Description": "Visit."},
    "days_from_treatment": {
        "Description": "Days from the day of treatment; negative before it.",
        "Units": "d",
    },
}
PER_SCAN: dict[str, dict[str, object]] = {
    "T1w": {
        "ScanningSequence": ["GR", "IR"],
        "SequenceVariant": ["SP", "MP"],
        "PulseSequenceType": "MPRAGE",
        "MRAcquisitionType": "3D",
    },
    "T2w": {
        "ScanningSequence": "SE",
        "SequenceVariant": "NONE",
        "PulseSequenceType": "Spin Echo",
        "MRAcquisitionType": "2D",
    },
    "FLAIR": {
        "ScanningSequence": ["SE", "IR"],
        "SequenceVariant": "NONE",
        "PulseSequenceType": "FLAIR",
        "MRAcquisitionType": "2D",
    },
    "dwi": {
        "ScanningSequence": ["SE", "EP"],
        "SequenceVariant": "SS",
        "PulseSequenceType": "Spin Echo EPI",
        "MRAcquisitionType": "2D",
        "PhaseEncodingDirection": "j",
        "Comment": "Acquired without distortion: there is no field map and none is needed.",
    },
    "MEGRE": {
        "ScanningSequence": "GR",
        "SequenceVariant": ["SP", "SS"],
        "PulseSequenceType": "Gradient Echo",
        "MRAcquisitionType": "3D",
    },
}


def describe(folder: Path, *, repeated: bool) -> None:
    """Write the files at the root of the data set; `repeated`: patients treated twice."""
    images.write_json(
        folder / "dataset_description.json",
        {
            "Name": "sonolesion phantom",
            "BIDSVersion": BIDS_VERSION,
            "DatasetType": "raw",
            "License": "CC0",
            "Authors": ["The sonolesion developers"],
            "GeneratedBy": [{"Name": "sonolesion phantom"}],
        },
    )
    (folder / "README").write_text(README, encoding="utf-8")
    # BIDS wants one row a participant in phenotype/; there are several sonications.
    ignored = ["phenotype/sonications.*", *(["phenotype/interventions.*"] if repeated else [])]
    (folder / ".bidsignore").write_text("\n".join(ignored) + "\n", encoding="utf-8")


def write_participants(folder: Path, labels: Iterable[str]) -> None:
    """Write participants.tsv; the arm isn't in it, the study is blind."""
    rows = [{"participant_id": f"sub-{label}", "species": "digital phantom"} for label in labels]
    write_table(folder / "participants.tsv", rows, PARTICIPANTS)


def write_sessions(folder: Path, label: str, visits: Mapping[str, float]) -> None:
    """Write the visits of one participant, in order of time."""
    rows = [
        {"session_id": f"ses-{visit}", "days_from_treatment": day}
        for visit, day in sorted(visits.items(), key=lambda item: item[1])
    ]
    write_table(folder / f"sub-{label}" / f"sub-{label}_sessions.tsv", rows, SESSIONS)


def scan_path(label: str, visit: str, contrast: str) -> str:
    """Path of a scan of one volume inside the data set."""
    return f"sub-{label}/ses-{visit}/anat/sub-{label}_ses-{visit}_{contrast}.nii.gz"


def write_scan(
    folder: Path,
    acquired: Acquired,
    scan: Scan,
    *,
    label: str,
    visit: str,
    contrast: str,
    differing: Row,
) -> None:
    """Write the files of a scan; `differing` goes over what its sidecars would say."""
    sidecar = {**sidecar_of(scan, contrast), **differing}
    stem = folder / f"sub-{label}" / f"ses-{visit}"
    name, affine = f"sub-{label}_ses-{visit}", acquired.grid.affine
    if isinstance(scan, DiffusionScan):
        path = stem / "dwi" / f"{name}_dwi"
        images.save(f"{path}.nii.gz", np.stack(acquired.volumes, -1), affine, sidecar=sidecar)
        write_gradients(path, scan)
    elif isinstance(scan, MultiEchoScan):
        for index, echo_s in enumerate(scan.echo_times_s):
            path = stem / "anat" / f"{name}_echo-{index + 1}_part-mag_MEGRE.nii.gz"
            own = {**sidecar, "EchoTime": echo_s, "EchoNumber": index + 1}
            images.save(path, acquired.volumes[index], affine, sidecar=own)
    else:
        path = folder / scan_path(label, visit, contrast)
        images.save(path, acquired.volumes[0], affine, sidecar=sidecar)


def write_gradients(path: Path, scan: DiffusionScan) -> None:
    """Write b-values and directions, which lie along the axes of the image."""
    directions = [np.zeros(3), *np.repeat(np.eye(3), scan.averages, axis=0)]
    b_values = [f"{scan.b_s_mm2 if direction.any() else 0:g}" for direction in directions]
    path.with_suffix(".bval").write_text(" ".join(b_values) + "\n", encoding="ascii")
    rows = [" ".join(f"{value:g}" for value in row) for row in np.transpose(directions)]
    path.with_suffix(".bvec").write_text("\n".join(rows) + "\n", encoding="ascii")


def sidecar_of(scan: Scan, contrast: str) -> dict[str, object]:
    """Acquisition parameters of a scan, by their BIDS names."""
    sidecar: dict[str, object] = {
        **PER_SCAN[contrast],
        "MagneticFieldStrength": 3.0,
        "Manufacturer": "sonolesion",
        "ManufacturersModelName": "digital phantom",
        "EchoTime": scan.echo_s,
        "RepetitionTime": scan.repetition_s,
        "FlipAngle": scan.flip_deg,
        "SliceThickness": scan.voxel_mm[2],
        "SpacingBetweenSlices": scan.voxel_mm[2],
    }
    if scan.inversion_s > 0:
        sidecar["InversionTime"] = scan.inversion_s
    if scan.n_echoes > 1:
        sidecar["EchoTrainLength"] = scan.n_echoes
    return sidecar


def write_table(path: Path, rows: Sequence[Row], columns: Mapping[str, object]) -> None:
    """Write a TSV with the columns of its dictionary, and the dictionary beside it.

    Numbers have four decimals at most, so that they read the same on every machine.
    """
    lines = ["\t".join(columns)]
    lines += ["\t".join(cell(row[name]) for name in columns) for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    images.write_json(path.with_suffix(".json"), columns)


def cell(value: object) -> str:
    """Text of a table cell; ``n/a`` for what isn't known."""
    if value is None:
        return "n/a"
    if isinstance(value, float):
        return f"{round(value, 4) + 0.0:g}" if abs(value) < 1e5 else f"{value:.0f}"
    return str(value)
