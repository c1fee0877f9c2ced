from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sonolesion.core.errors import ConfigError
from sonolesion.core.settings.phantom import Patient, Phantom, clinical
from sonolesion.phantom import patient


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"visits": {"3d": 3}}, "baseline"),
        ({"visits": {"baseline": -7, "3 d": 3}, "patients": [{"label": "a"}]}, "letters"),
        ({"patients": [{"label": "a"}, {"label": "a"}]}, "differ"),
        ({"patients": [{"label": "a b"}]}, "pattern"),
        ({"patients": [{"label": "a", "missing_visits": ["9m"]}]}, "unknown"),
        ({"patients": [{"label": "a", "missing_scans": ["3d:DWI"]}]}, "unknown"),
        ({"scans": {"flair": {"inversion_s": 10.0}}}, "shorter"),
        ({"scans": {"t1w": {"n_echoes": 900}}}, "train"),
        ({"scans": {"t1w": {"voxel_mm": [1, 0, 1]}}}, "positive"),
        ({"lesion": {"days": [3, 1, 30, 90, 180, 365]}}, "increase"),
        ({"lesion": {"core": {"t1_factor": [1.0]}}}, "one value a day"),
        ({"lesion": {"core": {"t1_factor": [0, 1, 1, 1, 1, 1]}}}, "positive"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_impossible_studies_are_refused(content: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Phantom.model_validate(content)


def test_a_nested_override_keeps_the_rest() -> None:
    found = Phantom.model_validate({"scans": {"flair": {"voxel_mm": [1, 1, 1]}}})
    assert found.scans.flair.voxel_mm == (1.0, 1.0, 1.0)
    assert found.scans.flair.inversion_s == Phantom().scans.flair.inversion_s
    assert found.scans.t1w == Phantom().scans.t1w


def test_null_takes_a_visit_out() -> None:
    visits = {**Phantom().visits, "3m": None}
    found = Phantom.model_validate({"visits": visits, "patients": [{"label": "a"}]})
    assert list(found.visits) == ["baseline", "3d", "1m", "12m"]


def test_clinical_resolution() -> None:
    found = clinical()
    assert found.scans.t1w.voxel_mm == (1.0, 1.0, 1.0)
    assert Phantom.model_validate(found.model_dump(mode="json")) == found


def test_a_deformation_that_folds_is_refused() -> None:
    wild = Phantom(deformation_mm=30.0)
    with pytest.raises(ConfigError, match="lower deformation_mm"):
        patient.own_shape(wild, Patient(label="01"))
