from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.errors import ConfigError
from sonolesion.core.settings.phantom import CONTRASTS, Patient, Phantom
from sonolesion.core.settings.phantom_signal import Tissue
from sonolesion.phantom import acquisition, damage, patient, pose, sequences, template, treatment


@pytest.fixture(scope="module")
def anatomy(small: Phantom) -> patient.Anatomy:
    return patient.anatomy(small, small.patients[0], template.load())


Present = Callable[[Patient, float], list[damage.Present]]


@pytest.fixture(scope="module")
def present(small: Phantom, anatomy: patient.Anatomy) -> Present:
    def at(who: Patient, day: float) -> list[damage.Present]:
        states = [
            (site, treatment.state(anatomy, site, day=day))
            for site in treatment.sites(small, who, anatomy)
        ]
        return [damage.Present(site, state) for site, state in states if state is not None]

    return at


@pytest.mark.parametrize(
    ("contrast", "signs"),
    [
        ("T1w", (-1, -1, -1)),
        ("T2w", (1, -1, 1)),
        ("FLAIR", (1, -1, 1)),
        ("dwi", (1, 1, 1)),
        ("MEGRE", (0, -1, 1)),
    ],
)
def test_lesion_changes_its_voxels_alone_with_the_sign_of_its_zones(
    small: Phantom,
    anatomy: patient.Anatomy,
    present: Present,
    contrast: str,
    signs: tuple[int, int, int],
) -> None:
    who = small.patients[0]
    names: dict[str, Any] = {"contrast": contrast, "patient": who, "visit": "3d"}
    lesions = present(who, 3.0)
    treated = acquisition.acquire(small, anatomy, lesions, **names)
    healthy = acquisition.acquire(small, anatomy, [], **names)
    for after, before in zip(treated.volumes, healthy.volumes, strict=True):
        change = after.astype(float) - before
        change[treated.held[0].box] = 0
        assert not change.any()
    scan = getattr(small.scans, contrast.lower())
    # The last volume: the weighted one of a dwi, the late echo of a MEGRE.
    of = list(sequences.readouts(contrast, scan))[-1].signal_of
    grey = small.tissues.grey
    for factors, sign in zip(lesions[0].state.factors, signs, strict=True):
        difference = of(sequences.altered(grey, factors)) - of(grey)
        # Longer T1 and T2 cancel in the core of a late echo: no sign to test.
        assert sign == 0 or np.sign(difference) == sign
        assert sign == 0 or abs(difference) > 0.02 * of(grey)


def test_lesion_is_where_the_plan_missed_it(small: Phantom, anatomy: patient.Anatomy) -> None:
    who = small.patients[0].model_copy(update={"miss_mm": (-2.0, 1.0, -1.5)})
    (place,) = treatment.sites(small, who, anatomy)
    to_acpc = np.linalg.inv(anatomy.acpc)
    miss = pose.apply(to_acpc, place.shape.centre_mm) - pose.apply(to_acpc, anatomy.target_mm)
    assert miss == pytest.approx([-2.0, 1.0, -1.5])
    lesion = treatment.state(anatomy, place, day=3.0)
    assert lesion is not None
    assert np.linalg.norm(lesion.centroid_mm - place.shape.centre_mm) < 1.0


def test_lesion_shrinks_and_oedema_goes(small: Phantom, present: Present) -> None:
    who = small.patients[0]
    held = np.array([present(who, d)[0].state.volumes_mm3 for d in (3.0, 30.0, 91.0, 200.0)])
    assert np.all(np.diff(held[:, :2].sum(axis=1)) < 0)
    assert held[0, 2] == pytest.approx(3.7 * held[0, :2].sum(), rel=0.1)
    assert held[2, 2] < 1.0


def test_no_lesion_before_treatment_after_sham_or_when_healed(
    small: Phantom, present: Present
) -> None:
    fus, _, sham = small.patients
    assert not present(sham, 3.0)
    assert not present(fus, -7.0)
    assert not present(fus, 365.0)


def test_a_lesion_outside_the_brain_is_refused(small: Phantom, present: Present) -> None:
    who = small.patients[0].model_copy(update={"miss_mm": (-90.0, 0.0, 0.0)})
    with pytest.raises(ConfigError, match="lower miss_mm"):
        present(who, 3.0)


def test_bilateral_treatment_and_lesions_off_target_come_on_their_day(
    anatomy: patient.Anatomy, present: Present
) -> None:
    who = Patient.model_validate(
        {
            "label": "01",
            "further": [{"day": 20.0, "side": "right"}],
            "others": [
                {"kind": "haemorrhage", "place_mm": (26.0, 20.0, 24.0), "from_d": 2.0},
                {"kind": "ablation", "frame": "target", "place_mm": (-1.0, 5.0, 0.0)},
            ],
        }
    )
    assert [one.site.name for one in present(who, 1.0)] == ["I1", "other2"]
    found = {one.site.name: one for one in present(who, 30.0)}
    assert list(found) == ["I1", "I2", "other1", "other2"]
    sides = {
        n: pose.apply(np.linalg.inv(anatomy.acpc), found[n].state.centroid_mm)[0] for n in found
    }
    assert sides["I1"] < -3
    assert sides["I2"] > 3
    assert found["I2"].state.volumes_mm3[:2].sum() > found["I1"].state.volumes_mm3[:2].sum()
    blood = found["other1"].state
    assert blood.volumes_mm3[0] == pytest.approx(80.0, rel=0.1)
    assert blood.factors[0, 4] > 100.0
    assert found["other2"].site.intervention == "I1"


def test_where_lesions_overlap_each_point_belongs_to_one(
    small: Phantom, anatomy: patient.Anatomy, present: Present
) -> None:
    near = {"kind": "ablation", "frame": "target", "place_mm": (0.0, 3.0, 0.0)}
    lesions = present(Patient.model_validate({"label": "01", "others": [near]}), 3.0)
    grid = acquisition.grid_of(small.scans.t2w, np.eye(4))
    alone = [
        damage.damages(anatomy, [one], grid)[0].shares().sum(axis=(1, 2, 3)) for one in lesions
    ]
    both = [one.shares().sum(axis=(1, 2, 3)) for one in damage.damages(anatomy, lesions, grid)]
    assert both[0][0] == alone[0][0]
    assert 0 < both[1][0] < alone[1][0]
    assert sum(both).sum() < 0.95 * sum(alone).sum()


def test_drift_changes_a_visit_and_no_other(small: Phantom) -> None:
    drift = {"3d": {"scan": {"echo_s": 0.08}}, "3d:T1w": {"scan": {"flip_deg": 9.0}}}
    who = Patient.model_validate({"label": "01", "drift": drift})
    scans = {
        name: acquisition.scan_of(small, who, *name.split(":"))
        for name in ("3d:T2w", "3d:T1w", "12m:T2w")
    }
    assert scans["3d:T2w"] == small.scans.t2w.model_copy(update={"echo_s": 0.08})
    assert scans["3d:T1w"] == small.scans.t1w.model_copy(update={"flip_deg": 9.0})
    assert scans["12m:T2w"] == small.scans.t2w


@given(factor=st.floats(0.5, 2.0))
def test_altered_tissue_is_scaled(factor: float) -> None:
    tissue = Tissue(t1_s=1.0, t2_s=0.1, density=0.8, adc_mm2_s=1e-3, r2_prime_per_s=9.0)
    found = sequences.altered(tissue, np.full(5, factor))
    assert found.t1_s == pytest.approx(factor)
    assert found.t2_s == pytest.approx(0.1 * factor)
    assert found.density == pytest.approx(min(1.0, 0.8 * factor))
    assert found.adc_mm2_s == pytest.approx(1e-3 * factor)
    assert found.r2_prime_per_s == pytest.approx(9.0 + factor)


def test_head_moves_little_within_a_session_and_more_between(small: Phantom) -> None:
    def poses(visit: str) -> np.ndarray:
        heads = [acquisition.head_pose(small, "01", visit, c) for c in CONTRASTS]
        return np.stack([pose.apply(head, np.array([0.0, -20.0, 60.0])) for head in heads])

    first, second = poses("baseline"), poses("3d")
    within = np.linalg.norm(first - first.mean(axis=0), axis=1).max()
    between = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
    assert 0 < within < 4.0
    assert between > within
