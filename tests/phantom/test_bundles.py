from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.core.settings.tracts import Region, Tracts
from sonolesion.phantom import bundles, cutting
from sonolesion.phantom.cutting import History


def straight(
    *, length_mm: float = 60.0, radius_mm: float = 5.0, both: bool = False
) -> bundles.Tube:
    points = np.linspace([0.0, 0.0, 0.0], [0.0, 0.0, length_mm], 121)
    return bundles.tube("straight", points, np.full(121, radius_mm), both_ways=both)


def ball(centre_mm: tuple[float, float, float], radius_mm: float) -> cutting.Inside:
    centre = np.array(centre_mm)
    return lambda points: ((points - centre) ** 2).sum(axis=1) < radius_mm**2


def cut_by(
    inside: cutting.Inside, tube: bundles.Tube, *, age_d: float = 30.0, n: int = 3000
) -> cutting.Cut:
    return cutting.of_bundle(tube, [History(age_d, inside, inside)], n_lines=n, delay_d=30.0)


def test_a_ball_on_the_axis_cuts_the_square_of_the_ratio_of_radii() -> None:
    found = cut_by(ball((0, 0, 30), 3.0), straight())
    # A ball of 3 mm meets the fibres within 3 mm of the axis: 9 of 25 parts of the disc.
    assert found.fraction == pytest.approx(9 / 25, abs=0.01)
    # In a straight tube all fibres are as long.
    assert found.severed == pytest.approx(found.fraction)
    # Its volume over that of the cylinder: 4/3 pi 27 / (pi 25 60).
    assert found.length == pytest.approx(36 / 1500, rel=0.03)


def test_in_a_bend_the_outer_fibres_hold_more_length() -> None:
    angle = np.linspace(0, np.pi / 2, 200)
    points = 20 * np.stack([np.sin(angle), np.zeros(200), np.cos(angle)], axis=1)
    tube = bundles.tube("bent", points, np.full(200, 5.0), both_ways=False)
    # Everything further than 20 mm from the centre of the bend is cut: half of the fibres.
    outer = cut_by(lambda p: np.linalg.norm(p, axis=1) > 20.0, tube, n=2000)
    assert outer.fraction == pytest.approx(0.5, abs=0.05)
    # Mean radius of the outer half disc: 20 + 4/3 5/pi mm.
    assert outer.severed / outer.fraction == pytest.approx((20 + 20 / 3 / np.pi) / 20, rel=0.02)


def test_a_ball_off_the_axis_cuts_the_lens_the_two_discs_share() -> None:
    found = cut_by(ball((5.0, 0, 30), 5.0), straight())
    lens = 2 * np.pi / 3 - np.sqrt(3) / 2
    assert found.fraction == pytest.approx(lens / np.pi, abs=0.01)
    assert cut_by(ball((9.0, 0, 30), 3.9), straight()).fraction == 0.0


@settings(deadline=None, max_examples=25)
@given(height_mm=st.floats(8.0, 52.0), radius_mm=st.floats(1.0, 4.5))
def test_what_is_lost_lies_beyond_the_cut(height_mm: float, radius_mm: float) -> None:
    tube = straight()
    found = cut_by(ball((0, 0, height_mm), radius_mm), tube, n=200)
    assert not found.lost[tube.along_mm < height_mm - radius_mm - 0.3].any()
    after = found.lost[tube.along_mm > height_mm + radius_mm]
    assert after == pytest.approx(found.fraction * (1 - np.exp(-1)))


def test_half_of_a_commissure_is_lost_on_either_side() -> None:
    found = cut_by(ball((0, 0, 30), 6.0), straight(both=True), age_d=1e6)
    assert found.fraction == 1.0
    assert found.lost[[0, -1]] == pytest.approx([0.5, 0.5])


def test_a_healed_lesion_has_cut_what_it_cut() -> None:
    healed = History(365.0, now=ball((0, 0, 30), 0.0), ever=ball((0, 0, 30), 6.0))
    found = cutting.of_bundle(straight(), [healed], n_lines=50, delay_d=30.0)
    assert (found.fraction, found.length, found.ever) == (0.0, 0.0, 1.0)
    assert cutting.of_bundle(straight(), [], n_lines=50, delay_d=30.0).ever == 0.0


def test_tube_is_filled_inside_and_ends_flat() -> None:
    points = np.array([[0, 0, 30], [4, 0, 30], [5, 0, 30], [6, 0, 30], [0, 0, -2], [0, 0, 62.0]])
    nearest, coverage = bundles.within(points, straight(), edge_mm=1.0)
    assert coverage == pytest.approx([1, 1, 0.5, 0, 0, 0])
    assert straight().along_mm[nearest[0]] == pytest.approx(30.0)


def test_fibres_are_parallel_and_fill_the_tube() -> None:
    knots = np.array([[0.0, 0, 0], [10, 0, 20], [30, 5, 30], [50, 5, 30]])
    points, radius = bundles.curve(knots, np.array([3.0, 3, 5, 8]), step_mm=0.5)
    tube = bundles.tube("bent", points, radius, both_ways=False)
    assert np.diff(tube.along_mm) == pytest.approx(np.diff(tube.along_mm)[0])
    frame = np.concatenate([tube.tangent[:, None], tube.across], axis=1)
    assert frame @ np.swapaxes(frame, 1, 2) == pytest.approx(np.tile(np.eye(3), (len(frame), 1, 1)))
    offset = np.linalg.norm(bundles.lines(tube, n=300) - tube.centre_mm, axis=-1)
    assert (offset <= tube.radius_mm).all()
    # Even over the disc: half of the fibres lie within 1/sqrt(2) of the radius.
    assert np.median(offset / tube.radius_mm, axis=0) == pytest.approx(0.5**0.5, abs=0.01)


def test_fibres_fan_out_where_a_tube_widens() -> None:
    points = np.linspace([0.0, 0, 0], [0.0, 0, 40], 81)
    tube = bundles.tube("cone", points, np.linspace(2, 10, 81), both_ways=False)
    at = np.array([[3.0, 0, 20], [-3.0, 0, 20], [0, 0, 20.0]])
    nearest, _ = bundles.within(at, tube, edge_mm=1.0)
    heading = bundles.directions(at, tube, nearest)
    # Radius 6 and slope 1/5 there: half way out, the slope is 1/10.
    assert heading[:, 0] / heading[:, 2] == pytest.approx([0.1, -0.1, 0.0], abs=1e-3)


def test_catalogue_is_symmetric_and_on_its_own_sides() -> None:
    found = {bundle.name: bundle for bundle in bundles.catalogue()}
    assert len(found) == 25
    for name in (name for name in found if name.endswith("_left")):
        left, right = found[name], found[name.replace("_left", "_right")]
        assert np.array_equal(left.knots_mm * [-1, 1, 1], right.knots_mm)
        # All end on their own side; the cerebellothalamic begins on the other.
        assert left.knots_mm[-1, 0] < 0
        assert (left.knots_mm[0, 0] > 0) == (name == "cerebellothalamic_left")
    for name in (name for name in found if name.startswith("callosum")):
        assert found[name].knots_mm[0] == pytest.approx(found[name].knots_mm[-1] * [-1, 1, 1])


def test_repeated_knots_are_refused() -> None:
    with pytest.raises(ValueError, match="differ"):
        bundles.curve(np.zeros((3, 3)), np.ones(3), step_mm=0.5)


def held(region: Region, points: np.ndarray, *, side: str) -> np.ndarray:
    """Tell which template points lie in a sphere or box of a side."""
    own = points * [1.0 if side == "left" or not region.sided else -1.0, 1.0, 1.0]
    if region.kind == "sphere":
        return np.linalg.norm(own - region.centre_mm, axis=-1) <= region.radius_mm
    return ((own >= region.low_mm) & (own <= region.high_mm)).all(axis=-1)


@pytest.mark.parametrize(
    ("tract", "bundle"),
    [
        ("corticospinal", "corticospinal"),
        ("spinothalamic_lemniscal", "mediallemniscus"),
        ("spinothalamic_lemniscal", "spinothalamic"),
        ("cerebellothalamic", "cerebellothalamic"),
    ],
)
@pytest.mark.parametrize("side", ["left", "right"])
def test_fibres_pass_where_the_tracts_stage_looks_for_them(
    tract: str, bundle: str, side: str
) -> None:
    stage = Tracts()
    regions = {region.name: region for region in stage.regions}
    wanted = next(one for one in stage.bundles if one.name == tract)
    laid = next(one for one in bundles.catalogue() if one.name == f"{bundle}_{side}")
    points, radius = bundles.curve(laid.knots_mm, laid.radius_mm, step_mm=0.5)
    fibres = bundles.lines(bundles.tube(bundle, points, radius, both_ways=False), n=100)
    other = {"left": "right", "right": "left"}
    good = np.ones(len(fibres), dtype=bool)
    for name in wanted.waypoints:
        own = other[side] if name.startswith("other:") else side
        region = regions[name.removeprefix("other:")]
        if region.kind != "atlas":
            good &= held(region, fibres, side=own).any(axis=1)
    for name in wanted.exclusions:
        good &= ~held(regions[name], fibres, side=side).any(axis=1)
    assert good.mean() > 0.9
