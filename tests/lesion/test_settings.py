"""The settings refuse what can't be meant."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from sonolesion.core.settings.lesion import Earlier, Fit, Lesion
from sonolesion.core.settings.lesion_phases import ACUTE, CHRONIC, CONTRASTS, Phase, Zone
from sonolesion.lesion import earlier, visit
from sonolesion.lesion.comparison import FieldModel, NoiseModel
from sonolesion.lesion.detection import SearchPlan
from sonolesion.lesion.outline import FitPlan

CHANGE = dict.fromkeys(CONTRASTS, (-0.2, 0.1))


def test_every_key_has_its_place_in_a_kernel() -> None:
    settings = Lesion().model_dump()
    FieldModel(**settings["calibration"])
    NoiseModel(**settings["noise"])
    SearchPlan(**settings["search"])
    FitPlan(**settings["fit"])
    assert earlier.anchor([], **Earlier().model_dump()) is None


def test_phases_out_of_order_and_impossible_zones_are_refused() -> None:
    with pytest.raises(ValidationError, match="follow each other"):
        Lesion(phases=(CHRONIC, ACUTE))
    with pytest.raises(ValidationError, match="spreads must be positive"):
        Zone(name="core", change=CHANGE | {"T1w": (-0.2, 0.0)})
    with pytest.raises(ValidationError, match="needs a change for each"):
        Zone(name="core", change={"T1w": (-0.2, 0.1)})
    with pytest.raises(ValidationError, match="needs a change for each"):
        Zone(name="core", change=CHANGE | {"DWI": (-0.2, 0.1)})
    with pytest.raises(ValidationError, match="pattern"):
        Zone(name="halo", change=CHANGE)


def test_zones_of_a_phase_have_an_order() -> None:
    core, rim, oedema = ACUTE.zones
    for zones in ((core, oedema), (rim, core), (core, rim, oedema, oedema)):
        with pytest.raises(ValidationError, match="core, rim and"):
            Phase(until_d=7.0, volume_mm3=60.0, zones=zones)
    assert len(Phase(until_d=7.0, volume_mm3=60.0, zones=(core, rim)).zones) == 2


def test_fluid_needs_a_range() -> None:
    with pytest.raises(ValidationError, match="fluid_to"):
        Fit(fluid_from=0.5, fluid_to=0.5)


def test_every_evidence_contrast_has_a_change() -> None:
    settings = Lesion()
    phases = settings.model_dump()["phases"]
    for phase in phases:
        zones = visit.zones_of(phases, day=phase["until_d"], contrasts=settings.evidence)
        assert zones.means.shape == (len(phase["zones"]), len(settings.evidence))
