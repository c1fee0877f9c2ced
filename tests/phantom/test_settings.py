from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from sonolesion.core.errors import ConfigError
from sonolesion.core.settings.phantom import (
    CONTRASTS,
    Patient,
    Phantom,
    clinical,
    draw_patients,
)
from sonolesion.phantom import ablation, patient


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"visits": {"3d": 3}}, "baseline"),
        ({"visits": {"baseline": -7, "3 d": 3}, "patients": [{"label": "a"}]}, "letters"),
        ({"patients": [{"label": "a"}, {"label": "a"}]}, "differ"),
        ({"patients": [{"label": "a b"}]}, "pattern"),
        ({"patients": [{"label": "a", "missing_visits": ["9m"]}]}, "unknown"),
        ({"patients": [{"label": "a", "missing_scans": ["3d:DWI"]}]}, "unknown"),
        ({"patients": [{"label": "a", "faults": {"9m": "motion"}}]}, "unknown"),
        ({"patients": [{"label": "a", "faults": {"3d": "hiccups"}}]}, "motion"),
        ({"patients": [{"label": "a", "swapped": {"3d": "b"}}]}, "unknown"),
        ({"patients": [{"label": "a", "visits": {"3d": 3}}]}, "baseline"),
        ({"patients": [{"label": "a", "further": [{"day": -2}]}]}, "order of time"),
        ({"patients": [{"label": "a", "arm": "none", "further": [{"day": 2}]}]}, "first"),
        ({"contrasts": ["T1w", "PD"]}, "MEGRE"),
        ({"scans": {"megre": {"repetition_s": 0.02}}}, "last echo"),
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
    assert found.contrasts == CONTRASTS
    assert Phantom.model_validate(found.model_dump(mode="json")) == found


def test_clinical_factors() -> None:
    found = clinical(in_plane_mm=0.7, thickness_mm=4.0, noise=2.0, size=0.5, contrasts=["T1w"])
    assert found.scans.t2w.voxel_mm == (0.7, 0.7, 4.0)
    assert found.scans.dwi.voxel_mm == (2.0, 2.0, 4.0)
    assert found.scans.flair.snr == clinical().scans.flair.snr / 2
    assert found.lesion.rim.volume_mm3[1] == 0.5 * clinical().lesion.rim.volume_mm3[1]
    assert found.contrasts == ("T1w",)


def test_drawn_patients_differ_and_stay_as_more_are_drawn() -> None:
    many = draw_patients(12, seed=3, untreated=2)
    assert many[:5] == draw_patients(5, seed=3)
    assert {p.side for p in many[:12]} == {"left", "right"}
    assert [p.label for p in many[-3:]] == ["f12", "u01", "u02"]
    assert {p.arm for p in many[-2:]} == {"none"}


def test_lesion_volumes_are_those_of_the_literature() -> None:
    lesion = Phantom().lesion
    held = np.add(lesion.core.volume_mm3, lesion.rim.volume_mm3)
    at_2_days = ablation.course(tuple(held), days=lesion.days, day=2.0)
    # Moser 2013: 68.5 +- 39.7 mm3 on T1 at 2 days.
    assert at_2_days == pytest.approx(68.5, rel=0.1)
    assert held[3] == 27.0


def test_a_deformation_that_folds_is_refused() -> None:
    wild = Phantom(deformation_mm=30.0)
    with pytest.raises(ConfigError, match="lower deformation_mm"):
        patient.own_shape(wild, Patient(label="01"))
