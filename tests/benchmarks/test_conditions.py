from __future__ import annotations

import pytest
from campaign import conditions
from campaign.conditions import ALL, Condition

from sonolesion.core import config
from sonolesion.core.settings.phantom import Phantom

BY_NAME = {condition.name: condition for condition in ALL}


def test_conditions_differ_in_name_and_have_known_parents() -> None:
    assert len(BY_NAME) == len(ALL)
    assert {c.parent for c in ALL} <= {"", *BY_NAME}
    assert not BY_NAME[conditions.REFERENCE].parent


@pytest.mark.parametrize("condition", ALL, ids=lambda c: c.name)
def test_a_condition_changes_one_factor(condition: Condition) -> None:
    plain = {"noise": 1.0, "size": 1.0, "slice_mm": None, "only": (), "plans": "own"}
    changed = [name for name, value in plain.items() if getattr(condition, name) != value]
    assert len(changed) <= 1


def test_settings_of_a_condition_by_hand() -> None:
    base = Phantom()
    patient = conditions.patients(1, 0)[0]
    made = conditions.settings(Condition("x", "", noise=2.0, size=0.5, slice_mm=4.0), patient, base)
    assert made.scans.t1w.snr == base.scans.t1w.snr / 2
    assert made.scans.t1w.voxel_mm == base.scans.t1w.voxel_mm
    assert made.scans.flair.voxel_mm == (1.5, 1.5, 4.0)
    assert made.lesion.core.volume_mm3[1] == 0.5 * base.lesion.core.volume_mm3[1]
    assert made.visits == {"baseline": -7.0, "3d": 3.0, "3m": 91.0}


def test_every_patient_has_a_seed_and_every_third_is_healed() -> None:
    everyone = conditions.patients(6, 3)
    seeds = {conditions.settings(ALL[0], patient, Phantom()).seed for patient in everyone}
    assert len(seeds) == 9
    assert [p.label for p in everyone if p.healed_from_d] == ["f03", "f06"]
    assert [p.label for p in everyone[6:]] == ["u01", "u02", "u03"]


def test_a_patient_stays_the_same_when_there_are_more() -> None:
    assert conditions.patients(9, 0)[:4] == conditions.patients(4, 0)


def test_a_study_file_gives_the_phantom_back() -> None:
    patient = conditions.patients(1, 0)[0]
    wanted = conditions.settings(BY_NAME["slices 3 mm"], patient, Phantom())
    content = conditions.study_file(wanted, {})
    assert config.parse(content, file="test").phantom == wanted


def test_share_of_patients() -> None:
    everyone = conditions.patients(6, 3)
    assert len(conditions.chosen(BY_NAME[conditions.REFERENCE], everyone)) == 9
    assert len(conditions.chosen(BY_NAME["T1w"], everyone)) == 3
    assert len(conditions.chosen(BY_NAME["plan absent"], everyone)) == 1


def test_shortened_keeps_what_is_early() -> None:
    assert conditions.shortened(BY_NAME["rescan"]).visits == ("baseline", "3d", "3dagain")
