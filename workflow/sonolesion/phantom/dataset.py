"""Write the study as a BIDS data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sonolesion.core import images
from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_signal import Scan
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
}


def describe(folder: Path) -> None:
    """Write the files at the root of the data set."""
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
    (folder / ".bidsignore").write_text("phenotype/sonications.*\n", encoding="utf-8")


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
    """Path of a scan inside the data set."""
    return f"sub-{label}/ses-{visit}/anat/sub-{label}_ses-{visit}_{contrast}.nii.gz"


def write_scan(
    folder: Path, acquired: Acquired, settings: Phantom, *, label: str, visit: str, contrast: str
) -> None:
    """Write a scan and its sidecar."""
    sidecar = sidecar_of(getattr(settings.scans, contrast.lower()), contrast)
    path = folder / scan_path(label, visit, contrast)
    images.save(path, acquired.image, acquired.grid.affine, sidecar=sidecar)


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
