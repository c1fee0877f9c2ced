"""The columns of `measures.tsv` and every word that may stand in them.

A producer that writes a word unknown here is stopped by `tables.combine`, so the data
dictionary can't fall behind the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MISSING = "n/a"
Kind = Literal["label", "level", "number", "flag"]


@dataclass(frozen=True)
class Column:
    """A column: its type, its meaning and, for a number, its unit."""

    name: str
    kind: Kind
    description: str
    unit: str = ""
    required: bool = True


COLUMNS = (
    Column("participant_id", "label", "Participant, as `sub-<label>`."),
    Column("session_id", "label", "Visit, as `ses-<label>`; labels carry no order."),
    Column("intervention_id", "label", "Treatment the row is counted from; says nothing of arm."),
    Column("days_from_treatment", "number", "Days from that treatment; before it negative.", "d"),
    Column("modality", "level", "Kind of acquisition the number comes from."),
    Column("map", "level", "Map or segmentation that was measured."),
    Column("region", "level", "Where it was measured."),
    Column("side", "level", "Side of the brain, the patient's own.", required=False),
    Column("statistic", "level", "What was computed over the region; it fixes the unit."),
    Column("value", "number", "The number, in the unit of its row.", required=False),
    Column("unit", "level", "Unit of the value."),
    Column("n_voxels", "number", "Voxels in the region; fractions count in part.", "voxel", False),
    Column("coverage", "number", "Part of the region inside the image, 0 to 1.", "1", False),
    Column("below_resolution", "flag", "The region is too small for the voxels.", "", False),
    Column("status", "level", "Whether there is a number, and if not, why not."),
    Column("method", "label", "How it was computed: the step and its variant.", required=False),
)
COLUMN_NAMES = tuple(column.name for column in COLUMNS)
KEY = (
    "participant_id",
    "intervention_id",
    "days_from_treatment",
    "session_id",
    "modality",
    "map",
    "region",
    "side",
    "statistic",
    "method",
)

UNITS = {
    "mm3": "cubic millimetre",
    "mm": "millimetre",
    "1": "plain number (ratio, score or probability)",
}

# Statistic: (unit, meaning). Coordinates are acpc: origin AC, x right, y anterior, z up.
STATISTICS = {
    "volume": ("mm3", "Volume of the binary region."),
    "probability_volume": ("mm3", "Sum of the probabilities times the voxel volume."),
    "diameter": ("mm", "Largest distance between two voxels of the region."),
    "equivalent_diameter": ("mm", "Diameter of the sphere of equal volume."),
    "centroid_x": ("mm", "Centroid, acpc x (right positive)."),
    "centroid_y": ("mm", "Centroid, acpc y (anterior positive)."),
    "centroid_z": ("mm", "Centroid, acpc z (superior positive)."),
    "error_ml": ("mm", "Centroid minus planned target, mediolateral (lateral positive)."),
    "error_ap": ("mm", "Centroid minus planned target, anteroposterior (anterior positive)."),
    "error_dv": ("mm", "Centroid minus planned target, dorsoventral (dorsal positive)."),
    "error_3d": ("mm", "Distance of the centroid from the planned target."),
    "detection_statistic": ("1", "Statistic of the test that a lesion is there."),
    "detection_p": ("1", "Its probability where there is no lesion."),
}

LEVELS = {
    "modality": {
        "anat": "All structural contrasts of the visit together.",
        "T1w": "T1-weighted image.",
        "T2w": "T2-weighted image.",
        "FLAIR": "T2-weighted image with suppressed fluid.",
    },
    "map": {
        "lesion": "Segmentation of the change against the participant's own baseline.",
    },
    "region": {
        "lesion": "Lesion, zones I and II; oedema apart.",
        "oedema": "Zone III around the lesion.",
        "search": "Neighbourhood of the planned target in which a lesion is looked for.",
    },
    "side": {"left": "The patient's left.", "right": "The patient's right."},
    "statistic": {name: meaning for name, (_, meaning) in STATISTICS.items()},
    "unit": UNITS,
    "status": {
        "measured": "There is a number; it may be zero.",
        "not_visible": "Looked for and not seen; the detection statistic stands in its own row.",
        "failed": "The input was there, the step did not succeed; see the ledger.",
        "absent": "The input was not acquired or is blocked; see the inventory.",
    },
}

# Columns of the wide table of the lesion: region and statistic.
WIDE = (
    *(("lesion", name) for name in STATISTICS if not name.startswith("detection")),
    ("oedema", "volume"),
    ("search", "detection_statistic"),
    ("search", "detection_p"),
)
