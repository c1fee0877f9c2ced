"""The settings refuse what can't be meant."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from sonolesion.core.settings.lesion import ACUTE, CHRONIC, Lesion, Zone
from sonolesion.lesion.comparison import FieldModel, NoiseModel
from sonolesion.lesion.detection import SearchPlan
from sonolesion.lesion.visit import FitPlan


def test_every_key_has_its_place_in_a_kernel() -> None:
    settings = Lesion().model_dump()
    FieldModel(**settings["calibration"])
    NoiseModel(**settings["noise"])
    SearchPlan(**settings["search"])
    FitPlan(**settings["fit"])


def test_phases_out_of_order_and_impossible_zones_are_refused() -> None:
    with pytest.raises(ValidationError, match="follow each other"):
        Lesion(phases=(CHRONIC, ACUTE))
    with pytest.raises(ValidationError, match="spread"):
        Zone(name="core", change={"T1w": (-0.2, 0.0)})
    with pytest.raises(ValidationError, match="known contrast"):
        Zone(name="core", change={"DWI": (-0.2, 0.1)})
    with pytest.raises(ValidationError):
        Zone(name="halo", change={})
