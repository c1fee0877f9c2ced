"""Settings of the ingest stage."""

from __future__ import annotations

from sonolesion.core.settings import Section, key


class Exclusion(Section):
    """A scan to leave out, by name."""

    subject: str = key("", "Subject label, without sub-.")
    session: str = key("", "Session label, without ses-; empty for all sessions.")
    modality: str = key("", "Modality, such as T2w; empty for all modalities.")
    reason: str = key("", "Why; shown in the inventory and on the page.")


class Protocol(Section):
    """What must be as it was at the baseline."""

    tolerances: dict[str, float] = key(
        {
            "MagneticFieldStrength": 0.05,
            "EchoTime": 0.02,
            "RepetitionTime": 0.05,
            "InversionTime": 0.02,
            "FlipAngle": 0.05,
            "PixelBandwidth": 0.05,
            "VoxelSize": 0.03,
            "BValue": 0.05,
            "Shells": 0.05,
        },
        "Relative difference of each number that is none.",
        source="chosen: above the rounding of scanners and converters",
    )
    words: list[str] = key(
        [
            "Manufacturer",
            "ManufacturersModelName",
            "DeviceSerialNumber",
            "SoftwareVersions",
            "ReceiveCoilName",
            "MRAcquisitionType",
            "PulseSequenceType",
            "ScanningSequence",
            "SequenceName",
        ],
        "Words that must be the same; ContrastBolusIngredient is always compared.",
    )
    major: list[str] = key(
        [
            "MagneticFieldStrength",
            "ContrastBolusIngredient",
            "Manufacturer",
            "MRAcquisitionType",
            "PulseSequenceType",
            "ScanningSequence",
            "SequenceName",
        ],
        "Keys whose change is major; that of others is drift.",
    )
    enhanced_left_out: list[str] = key(
        ["T1w"],
        "Contrasts that are no evidence of the lesion once a contrast agent was given: "
        "enhancement is not lesion.",
    )


class Ingest(Section):
    """What is read, and what it must look like."""

    interventions: str = key(
        "", "Table of interventions; empty: phenotype/interventions.tsv in the data set."
    )
    sonications: str = key(
        "", "Table of sonications; empty: phenotype/sonications.tsv in the data set."
    )
    session_days: dict[str, float] = key(
        {},
        "Days from treatment by session label, for sessions whose tables have neither "
        "days_from_treatment nor acq_time.",
        unit="d",
    )
    participants: list[str] = key([], "Subjects to work on; empty: all.")
    sessions: list[str] = key([], "Sessions to work on; empty: all.")
    modalities: list[str] = key(
        [], "Modalities to work on (T1w, T2w, FLAIR, dwi, MEGRE, lesion); empty: all."
    )
    exclude: list[Exclusion] = key([], "Scans to leave out, each with a reason.")
    choose: dict[str, dict[str, str]] = key(
        {}, "Entities that pick one scan where a session has several: {T1w: {acq: mprage}}."
    )
    max_affine_difference_mm: float = key(
        1.0,
        "Largest shift between qform and sform over the volume.",
        unit="mm",
        source="chosen: below any lesion's radius",
        gt=0,
    )
    min_voxel_mm: float = key(
        0.2, "Smallest believable voxel edge.", unit="mm", source="chosen", gt=0
    )
    max_voxel_mm: float = key(
        8.0, "Largest believable voxel edge.", unit="mm", source="chosen", gt=0
    )
    max_echo_time_s: float = key(
        1.0, "Longest believable echo time; above it the unit is wrong.", unit="s", source="chosen"
    )
    protocol: Protocol = Protocol()
