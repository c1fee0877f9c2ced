from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_dti import PhantomDti
from sonolesion.phantom import bundles, multitensor, pose, scanner, tensor_scan, tensor_truth
from sonolesion.phantom import gradients as tables
from sonolesion.phantom.patient import Anatomy
from sonolesion.phantom.wiring import Strands, Wiring, fill

N = 16
TISSUES = Phantom().tissues
MEAN = TISSUES.white.adc_mm2_s


def block(**fractions: float) -> Anatomy:
    """Lay out a cube of one mixture, 2 mm cells."""
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = -(N - 1)
    names = ("grey", "white", "fluid")
    tissues = {name: np.full((N,) * 3, fractions.get(name, 0), dtype=np.float32) for name in names}
    zero = np.zeros(3)
    return Anatomy(
        tissues=tissues,
        brain=np.ones((N,) * 3, dtype=np.float32),
        affine=affine,
        field_mm=np.zeros((2, 2, 2, 3)),
        field_affine=np.eye(4),
        ac_mm=zero,
        pc_mm=zero,
        acpc=np.eye(4),
        target_mm=zero,
        target_template_mm=zero,
        scale=1.0,
        halves_cm3={},
    )


@dataclass(frozen=True)
class Found:
    fa: float
    mean: float
    first: np.ndarray


def laid(anatomy: Anatomy, *headings: tuple[float, float, float]) -> Wiring:
    """Lay wide straight bundles through the middle of a cube."""
    courses = []
    for heading in headings:
        line = np.linspace(-14, 14, 57)[:, None] * (np.array(heading) / np.linalg.norm(heading))
        tube = bundles.tube("straight", line, np.full(57, 11.0), both_ways=False)
        course = fill(anatomy, tube)
        share = course.share / len(headings)
        courses.append(type(course)(course.cell, share, course.direction, tube, course.nearest))
    none = np.zeros(0)
    empty = Strands(none.astype(np.intp), none, np.zeros((0, 3)))
    return Wiring(courses, empty, empty)


def measured(
    anatomy: Anatomy,
    wiring: Wiring,
    *,
    lost: float = 0.0,
    turn_deg: float = 0.0,
    fa_loss: float = 0.0,
) -> Found:
    """Fit the middle voxel of a noiseless scan of a cube."""
    dti = PhantomDti.model_validate(
        {"scan": {"voxel_mm": [2.0] * 3, "n_directions": 12}, "fibre": {"fa_loss": fa_loss}}
    )
    parts = multitensor.compartments(
        anatomy,
        wiring,
        [np.full(len(c.tube.centre_mm), lost) for c in wiring.courses],
        [],
        tissues=TISSUES,
        scan=dti.scan,
        fibre=dti.fibre,
    )
    head = tensor_scan.Head(anatomy, parts, np.zeros((2, 2, 2)))
    turned = pose.rigid(
        angles_deg=np.array([0, 0, turn_deg]), shift_mm=np.zeros(3), centre_mm=np.zeros(3)
    )
    grid = scanner.Grid(
        (3, 3, 3),
        pose.grid_affine(
            shape=(3, 3, 3), voxel_mm=np.full(3, 2.0), axes="LAS", centre_mm=np.zeros(3)
        ),
        turned,
    )
    b_values, vectors = tables.table(dti.scan)
    signal = tensor_scan.signals(dti, head)
    middle = [signal(float(b), v, grid)[1, 1, 1] for b, v in zip(b_values, vectors, strict=True)]
    logs = np.log(np.array(middle, dtype=np.float64))[None]
    fa, mean, first = tensor_truth.shape_of(tensor_truth.fitted(logs, b_values, vectors))
    return Found(float(fa[0]), float(mean[0]), first[0])


@given(fa=st.floats(0.0, 0.95))
def test_diffusivities_have_the_stated_fa_and_mean(fa: float) -> None:
    axial, radial = multitensor.diffusivities(np.array(fa), mean_mm2_s=0.7e-3)
    values = np.array([axial, radial, radial])
    assert values.mean() == pytest.approx(0.7e-3)
    spread = np.sqrt(1.5 * ((values - values.mean()) ** 2).sum() / (values**2).sum())
    assert spread == pytest.approx(fa, abs=1e-7)
    assert radial > 0


@pytest.mark.parametrize("heading", [(1.0, 0, 0), (0, 1.0, 1.0), (1.0, -1.0, 0.5)])
def test_one_bundle_in_white_matter_gives_its_tensor_back(
    heading: tuple[float, float, float],
) -> None:
    anatomy = block(white=1.0)
    found = measured(anatomy, laid(anatomy, heading))
    assert found.fa == pytest.approx(PhantomDti().fibre.fa, abs=1e-3)
    assert found.mean == pytest.approx(MEAN, rel=1e-3)
    unit = np.array(heading) / np.linalg.norm(heading)
    assert abs(found.first @ unit) == pytest.approx(1.0, abs=1e-5)


def test_fibres_turn_with_the_head() -> None:
    anatomy = block(white=1.0)
    found = measured(anatomy, laid(anatomy, (1.0, 0, 0)), turn_deg=20.0)
    expected = np.array([np.cos(np.deg2rad(20)), np.sin(np.deg2rad(20)), 0])
    assert abs(found.first @ expected) == pytest.approx(1.0, abs=1e-5)


def test_two_bundles_that_cross_add_their_signals() -> None:
    anatomy = block(white=1.0)
    crossing = measured(anatomy, laid(anatomy, (1.0, 0, 0), (0, 1.0, 0)))
    assert crossing.fa < 0.75 * PhantomDti().fibre.fa
    # Flat: neither of both, and both much more than the third.
    assert abs(crossing.first[2]) < 0.05
    wiring = laid(anatomy, (1.0, 0, 0), (0, 1.0, 0))
    fibre = PhantomDti().fibre
    parts = multitensor.compartments(
        anatomy,
        wiring,
        [np.zeros(len(c.tube.centre_mm)) for c in wiring.courses],
        [],
        tissues=TISSUES,
        scan=PhantomDti().scan,
        fibre=fibre,
    )
    axial, radial = multitensor.diffusivities(np.array(fibre.fa), mean_mm2_s=MEAN)
    total = multitensor.anisotropic(parts, b_s_mm2=1000.0, direction=np.array([1.0, 0, 0]))
    plain = multitensor.anisotropic(parts, b_s_mm2=0.0, direction=np.array([1.0, 0, 0]))
    expected = (np.exp(-1000 * axial) + np.exp(-1000 * radial)) / 2
    assert total[8, 8, 8] / plain[8, 8, 8] == pytest.approx(expected, rel=1e-5)


def test_grey_matter_and_fluid_are_isotropic() -> None:
    for name in ("grey", "fluid"):
        anatomy = block(**{name: 1.0})
        found = measured(anatomy, laid(anatomy))
        assert found.fa < 1e-4
        assert found.mean == pytest.approx(getattr(TISSUES, name).adc_mm2_s, rel=1e-4)


def test_degeneration_takes_its_share_of_fa_and_keeps_the_mean() -> None:
    anatomy = block(white=1.0)
    found = measured(anatomy, laid(anatomy, (0, 0, 1.0)), lost=0.5, fa_loss=0.4)
    assert found.fa == pytest.approx(0.8 * PhantomDti().fibre.fa, abs=1e-3)
    assert found.mean == pytest.approx(MEAN, rel=1e-3)
