from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_patient import Spoiling
from sonolesion.phantom import acquisition, damage, patient, scanner, spoilt, template, treatment

GRID = scanner.Grid((6, 8, 10), np.diag([-2.0, 2, 2, 1]), np.eye(4))


@pytest.fixture(scope="module")
def anatomy(small: Phantom) -> patient.Anatomy:
    return patient.anatomy(small, small.patients[0], template.load())


@pytest.fixture(scope="module")
def lesions(small: Phantom, anatomy: patient.Anatomy) -> list[damage.Present]:
    (site,) = treatment.sites(small, small.patients[0], anatomy)
    state = treatment.state(anatomy, site, day=3.0)
    assert state is not None
    return [damage.Present(site, state)]


def acquired(lesions: list[damage.Present]) -> acquisition.Acquired:
    volume = np.arange(480, dtype=np.int16).reshape(GRID.shape)
    zones = np.zeros((3, 2, 2, 4), dtype=np.float32)
    zones[0, 0, 1, 3] = 1
    held = acquisition.Held(lesions[0], (slice(1, 3), slice(4, 6), slice(2, 6)), zones)
    return acquisition.Acquired((volume,), GRID, (held,))


def test_motion_blurs_and_ghosts_along_one_axis_and_keeps_the_mean() -> None:
    volume = np.zeros((24, 32, 12), dtype=np.float32)
    volume[8:16, 10:22, 3:9] = 100
    spoil = spoilt.moving(np.full(3, 2.0), Spoiling(), np.random.default_rng(3))
    found = spoil(volume)
    assert found.mean() == pytest.approx(volume.mean(), rel=0.2)
    ghost = found[8:16, :6, 3:9].mean()
    assert ghost > 1.0
    assert ghost > 5 * found[:3].mean()


@given(seed=st.integers(0, 2**32))
def test_a_head_that_keeps_still_is_not_spoilt(seed: int) -> None:
    rng = np.random.default_rng(seed)
    volume = np.pad(rng.uniform(10, 20, (4, 7, 3)), 1).astype(np.float32)
    still = Spoiling(motion_mm=1e-9, motion_deg=1e-9)
    found = spoilt.moving(np.ones(3), still, rng)(volume)
    assert found == pytest.approx(volume, abs=1e-4)


def test_mirror_turns_voxels_and_truth_and_not_the_header(lesions: list[damage.Present]) -> None:
    before = acquired(lesions)
    found = spoilt.mirrored(before)
    assert np.array_equal(found.volumes[0], before.volumes[0][::-1])
    assert np.array_equal(found.grid.affine, before.grid.affine)
    # Voxel 1 of 6 becomes voxel 4.
    assert found.held[0].box[0] == slice(3, 5)
    assert found.held[0].zones[0, 1, 1, 3] == 1
    again = spoilt.mirrored(found)
    assert np.array_equal(again.held[0].zones, before.held[0].zones)
    assert again.held[0].box == before.held[0].box


def test_a_cut_scan_ends_at_the_target(
    anatomy: patient.Anatomy, lesions: list[damage.Present]
) -> None:
    before = acquired(lesions)
    # The target lies in slice 3.5: slices 0 to 3 remain.
    low = replace(anatomy, target_mm=np.array([0.0, 0, 7.0]), acpc=np.eye(4))
    found = spoilt.cut(before, low, above_mm=0.0)
    assert found.volumes[0].shape == found.grid.shape == (6, 8, 4)
    assert found.held[0].box[2] == slice(2, 4)
    assert not found.held[0].zones.any()
    above = spoilt.cut(before, low, above_mm=4.0)
    assert above.grid.shape[2] == 6
    assert above.held[0].zones.sum() == 1


def test_bottle_has_no_brain(anatomy: patient.Anatomy) -> None:
    found = spoilt.bottle(anatomy)
    assert list(found.tissues) == ["bottle"]
    litres = found.tissues["bottle"].sum() * abs(np.linalg.det(anatomy.affine)) / 1e6
    assert litres == pytest.approx(np.pi * 0.7**2 * 1.6, rel=0.03)


def test_agent_fills_vessels_and_keeps_what_there_is(
    small: Phantom, anatomy: patient.Anatomy, lesions: list[damage.Present]
) -> None:
    settings, found = spoilt.with_agent(small, anatomy, template.load())
    total = sum(found.tissues.values())
    assert total == pytest.approx(sum(anatomy.tissues.values()), abs=1e-5)
    blood_cm3 = found.tissues["blood"].sum() * abs(np.linalg.det(anatomy.affine)) / 1000
    assert 3 < blood_cm3 < 60
    assert settings.tissues.grey.t1_s < small.tissues.grey.t1_s
    assert settings.tissues.fluid == small.tissues.fluid
    fresh = spoilt.enhancing(lesions, small.spoiling, day=3.0)[0].state.factors
    late = spoilt.enhancing(lesions, small.spoiling, day=91.0)[0].state.factors
    before = lesions[0].state.factors
    assert fresh[1, 0] == 0.5 * before[1, 0]
    assert np.array_equal(late, before)
