"""Coarse studies, made once: three patients; and all scans, other lesions and faults."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sonolesion.core import images
from sonolesion.core.settings.phantom import CONTRASTS, Phantom
from sonolesion.phantom import study

COARSE = {"voxel_mm": (3.0, 3.0, 4.0), "fov_mm": (198.0, 240.0, 200.0)}
SMALL: Mapping[str, Any] = {
    "anatomy_mm": 3.0,
    "lesion": {"sub_voxel_mm": 0.4},
    "scans": {"t1w": COARSE, "t2w": COARSE, "flair": COARSE},
    "visits": {"baseline": -7.0, "3d": 3.0, "12m": 365.0},
    "patients": [
        {"label": "01", "frame": "scanner", "axes": "LPS", "healed_from_d": 300.0},
        {
            "label": "02",
            "frame": "acpc",
            "origin": "pc",
            "axes": "LAS",
            "side": "right",
            "missing_scans": ["3d:FLAIR"],
            "missing_visits": ["12m"],
        },
        {"label": "03", "arm": "sham", "frame": "mni"},
    ],
}

OTHERS = [
    {"kind": "restricted", "place_mm": (26.0, 20.0, 24.0), "volume_mm3": 800.0},
    {"kind": "haemorrhage", "place_mm": (-27.0, -38.0, 27.0), "volume_mm3": 800.0},
]
PATIENTS = [
    {
        "label": "01",
        "frame": "scanner",
        "axes": "LPS",
        "others": OTHERS,
        "further": [{"day": 100.0, "side": "right"}],
        "drift": {
            "12m": {"sidecar": {"SoftwareVersions": "2"}},
            "3d:FLAIR": {"scan": {"echo_s": 0.1}},
        },
    },
    {
        "label": "02",
        "arm": "none",
        "visits": {"baseline": -7.0, "b": 1.0},
        "faults": {"b:T1w": "contrast_agent", "b:T2w": "bottle", "b:FLAIR": "mirrored"},
        "missing_scans": ["b:dwi", "b:MEGRE"],
    },
    {
        "label": "03",
        "visits": {"baseline": -7.0, "3d": 3.0},
        "swapped": {"3d": "01"},
        "missing_scans": [f"baseline:{name}" for name in ("T2w", "FLAIR", "dwi", "MEGRE")],
    },
]


@pytest.fixture(scope="session")
def small() -> Phantom:
    return Phantom.model_validate(SMALL)


@pytest.fixture(scope="session")
def made(small: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantom")
    study.make(small, folder)
    return folder


@pytest.fixture(scope="session")
def subjects(made: Path) -> dict[str, Any]:
    content = images.read_json(made / "truth" / "truth.json")["subjects"]
    assert isinstance(content, dict)
    return content


@pytest.fixture(scope="session")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scans = dict.fromkeys(("t1w", "t2w", "flair", "dwi", "megre"), COARSE)
    folder = tmp_path_factory.mktemp("rich")
    content = {**SMALL, "scans": scans, "contrasts": CONTRASTS, "patients": PATIENTS}
    study.make(Phantom.model_validate(content), folder)
    return folder
