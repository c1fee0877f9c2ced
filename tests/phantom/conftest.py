"""A coarse study of three patients, made once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sonolesion.core import images
from sonolesion.core.settings.phantom import Phantom
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
