"""Records and rows of a visit as the steps of the lesion write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sonolesion.report.records import File, Reader

LESION = {
    "outcome": "measured",
    "definition": "zones I and II; oedema apart",
    "day_after": 3,
    "baseline": "ses-baseline",
    "statistic": 13.71,
    "p": 0.0139,
    "null_peaks": 143,
    "null_quantiles": {"0.5": 1.2, "1": 14.1},
    "contrasts_used": ["T1w", "FLAIR"],
    "contrasts_left_out": {"T2w": "not acquired at the baseline"},
    "coverage": {"T1w": 1.0, "FLAIR": 0.97},
    "log_odds": 2177.4,
    "source": "automatic",
}
CORRECTED = LESION | {
    "source": "corrected",
    "automatic": {"outcome": "measured", "definition": "zones I and II; oedema apart"},
    "correction": {
        "file": "corrections/a.nii.gz",
        "dice": 0.834,
        "surface_dice": 0.9,
        "hd95_mm": 1.5,
        "automatic_mm3": 144.0,
        "corrected_mm3": 160.0,
    },
}
LOOKS = {
    "susceptibility": {"kind": "haemorrhage", "p": 1e-9},
    "water": {"kind": "t2_hyperintensity", "p": 0.5},
}
BLEED = {
    "kind": "haemorrhage",
    "safety": True,
    "volume_mm3": 52.0,
    "centroid_mm": [20.0, -10.0, 30.0],
    "peak_z": 12.34,
    "statistic": 9.0,
    "p": 1e-9,
    "seen_by": ["susceptibility +"],
    "mean_change": {"R2starmap": 0.4},
    "mean_z": {"R2starmap": 6.1, "T2starw": -4.0},
}
SHRUNK = BLEED | {
    "kind": "other",
    "safety": False,
    "seen_by": ["water -"],
    "centroid_mm": [-20.0, 0.0, 0.0],
}
ELSEWHERE = {
    "outcome": "measured",
    "smallest_p": 1e-9,
    "contrasts_used": ["R2starmap", "T2starw", "T2w"],
    "looks": LOOKS,
    "kinds_not_examined": ["restricted_diffusion"],
    "clusters": [BLEED, SHRUNK],
}
CLEAR = ELSEWHERE | {"outcome": "not_visible", "smallest_p": 0.93, "clusters": []}
BLIND = ELSEWHERE | {
    "outcome": "not_examined",
    "smallest_p": None,
    "looks": {},
    "clusters": [],
    "contrasts_used": ["T1w"],
}
ATLASES = {
    "atlases": {
        "aal": {
            "status": "carried",
            "reason": "",
            "space": "MNIColin27",
            "citation": "Tzourio-Mazoyer 2002",
            "licence": "GNU GPL",
            "note": "one brain",
        },
        "morel": {"status": "refused", "reason": "no file"},
    },
    "regions": [],
    "target": "CL",
}


def rows_of(region: str, method: str, **numbers: float) -> list[dict[str, str]]:
    """Return rows of overlap of a region at ses-3d; without numbers, of a lesion not seen."""
    common = {
        "participant_id": "sub-01",
        "session_id": "ses-3d",
        "intervention_id": "t1",
        "days_from_treatment": "3",
        "modality": "anat",
        "map": "overlap",
        "region": region,
        "side": "left",
        "n_voxels": "n/a",
        "coverage": "1",
        "below_resolution": "false",
        "method": method,
    }
    if not numbers:
        nothing = {"statistic": "overlap_volume", "value": "n/a", "unit": "mm3"}
        return [common | nothing | {"status": "not_visible"}]
    return [
        common
        | {
            "statistic": name,
            "value": str(value),
            "unit": "mm3" if "volume" in name else "mm" if "distance" in name else "1",
            "status": "measured",
        }
        for name, value in numbers.items()
    ]


def overlap(of_lesion: float, low: float, high: float) -> dict[str, float]:
    """Return the statistics of one region."""
    return {
        "region_volume": 630.0,
        "overlap_of_lesion": of_lesion,
        "overlap_of_lesion_low": low,
        "overlap_of_lesion_high": high,
        "overlap_of_region": 0.2,
        "overlap_of_region_low": 0.1,
        "overlap_of_region_high": 0.23,
        "centroid_distance": 1.9,
        "centroid_distance_low": 1.1,
        "centroid_distance_high": 4.1,
    }


def reader(contents: Mapping[str, Any]) -> Reader:
    """Return a reader of JSON contents by path, which refuses all else."""

    def refuse(path: str) -> Any:
        raise AssertionError(path)

    return Reader(refuse, lambda path: contents[path], refuse)


def file(path: str, suffix: str, **entities: str) -> File:
    """Return a file of sub-01."""
    return File(path, {"sub": "01"} | entities, suffix)


def visit_file(
    path: str, suffix: str, contents: Mapping[str, Any]
) -> tuple[Sequence[File], Reader]:
    """Return one JSON file of ses-3d and treatment t1, and its reader."""
    return [file(path, suffix, ses="3d", desc="t1")], reader({path: contents})
