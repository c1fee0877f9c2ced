from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.errors import ConfigError
from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_signal import Tissue
from sonolesion.phantom import acquisition, patient, pose, template, treatment


@pytest.fixture(scope="module")
def anatomy(small: Phantom) -> patient.Anatomy:
    return patient.anatomy(small, small.patients[0], template.load())


@pytest.mark.parametrize(
    ("contrast", "signs"), [("T1w", (-1, -1, -1)), ("T2w", (1, -1, 1)), ("FLAIR", (1, -1, 1))]
)
def test_lesion_changes_its_voxels_alone_with_the_sign_of_its_zones(
    small: Phantom, anatomy: patient.Anatomy, contrast: str, signs: tuple[int, int, int]
) -> None:
    who = small.patients[0]
    place = treatment.site(small, who, anatomy)
    lesion = treatment.state(small, who, anatomy, place, day=3.0)
    assert place is not None
    assert lesion is not None
    names = {"contrast": contrast, "patient": who.label, "visit": "3d"}
    treated = acquisition.acquire(small, anatomy, place, lesion, **names)
    healthy = acquisition.acquire(small, anatomy, place, None, **names)
    change = treated.image.astype(float) - healthy.image
    change[treated.box] = 0
    assert not change.any()
    scan = getattr(small.scans, contrast.lower())
    of = acquisition.sequence(contrast, scan)
    grey = small.tissues.grey
    for factors, sign in zip(lesion.factors, signs, strict=True):
        difference = of(acquisition.altered(grey, factors)) - of(grey)
        assert np.sign(difference) == sign
        assert abs(difference) > 0.1 * of(grey)


def test_lesion_is_where_the_plan_missed_it(small: Phantom, anatomy: patient.Anatomy) -> None:
    who = small.patients[0].model_copy(update={"miss_mm": (-2.0, 1.0, -1.5)})
    place = treatment.site(small, who, anatomy)
    assert place is not None
    to_acpc = np.linalg.inv(anatomy.acpc)
    miss = pose.apply(to_acpc, place.shape.centre_mm) - pose.apply(to_acpc, anatomy.target_mm)
    assert miss == pytest.approx([-2.0, 1.0, -1.5])
    lesion = treatment.state(small, who, anatomy, place, day=3.0)
    assert lesion is not None
    assert np.linalg.norm(lesion.centroid_mm - place.shape.centre_mm) < 1.0


def test_lesion_shrinks_and_oedema_goes(small: Phantom, anatomy: patient.Anatomy) -> None:
    who = small.patients[0]
    place = treatment.site(small, who, anatomy)
    states = [treatment.state(small, who, anatomy, place, day=d) for d in (3.0, 30.0, 91.0, 200.0)]
    held = np.array([s.volumes_mm3 for s in states if s is not None])
    assert len(held) == 4
    assert np.all(np.diff(held[:, :2].sum(axis=1)) < 0)
    assert held[0, 2] == pytest.approx(3.7 * held[0, :2].sum(), rel=0.1)
    assert held[2, 2] < 1.0


def test_no_lesion_before_treatment_after_sham_or_when_healed(
    small: Phantom, anatomy: patient.Anatomy
) -> None:
    fus, _, sham = small.patients
    place = treatment.site(small, fus, anatomy)
    assert treatment.site(small, sham, anatomy) is None
    assert treatment.state(small, sham, anatomy, None, day=3.0) is None
    assert treatment.state(small, fus, anatomy, place, day=-7.0) is None
    assert treatment.state(small, fus, anatomy, place, day=365.0) is None


def test_a_lesion_outside_the_brain_is_refused(small: Phantom, anatomy: patient.Anatomy) -> None:
    who = small.patients[0].model_copy(update={"miss_mm": (-90.0, 0.0, 0.0)})
    place = treatment.site(small, who, anatomy)
    with pytest.raises(ConfigError, match="lower miss_mm"):
        treatment.state(small, who, anatomy, place, day=3.0)


@given(factor=st.floats(0.5, 2.0))
def test_altered_tissue_is_scaled(factor: float) -> None:
    tissue = Tissue(t1_s=1.0, t2_s=0.1, density=0.8)
    found = acquisition.altered(tissue, np.full(3, factor))
    assert found.t1_s == pytest.approx(factor)
    assert found.t2_s == pytest.approx(0.1 * factor)
    assert found.density == pytest.approx(min(1.0, 0.8 * factor))


def test_head_moves_little_within_a_session_and_more_between(small: Phantom) -> None:
    def poses(visit: str) -> np.ndarray:
        heads = [acquisition.head_pose(small, "01", visit, c) for c in acquisition.CONTRASTS]
        return np.stack([pose.apply(head, np.array([0.0, -20.0, 60.0])) for head in heads])

    first, second = poses("baseline"), poses("3d")
    within = np.linalg.norm(first - first.mean(axis=0), axis=1).max()
    between = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
    assert 0 < within < 4.0
    assert between > within
