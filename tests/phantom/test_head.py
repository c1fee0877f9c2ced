from __future__ import annotations

import numpy as np
import pytest

from sonolesion.phantom import head, template


def ball(radius: float, size: int = 60) -> np.ndarray:
    axis = np.arange(size) - (size - 1) / 2
    return np.add.outer(np.add.outer(axis**2, axis**2), axis**2) < radius**2


def test_hull_of_a_ball_is_its_distance() -> None:
    found = head.hull_distance(ball(15.0), step=1, closing_mm=4.0)
    assert found[0, 30, 30] == pytest.approx(29.5 - 15.0, abs=1.0)
    assert found[30, 30, 30] < -13


def test_hull_loses_no_brain_and_closes_gaps() -> None:
    brain = ball(20.0)
    brain[:, 29:31, 40:] = False
    found = head.hull_distance(brain, step=2, closing_mm=6.0)
    assert found[brain].max() <= 0
    assert found[30, 30, 44] <= 1


def test_template_brain_stays_whole_inside_the_skull() -> None:
    loaded = template.load()
    assert loaded.hull_mm[loaded.brain].max() <= 0
    assert np.array_equal(loaded.t1, loaded.t1[::-1])


def test_layers_fill_the_head() -> None:
    distance = np.linspace(-20, 40, 121, dtype=np.float32).reshape(-1, 1, 1)
    grey = np.where(distance < -2, 0.6, 0).astype(np.float32)
    white = np.where(distance < -2, 0.3, 0).astype(np.float32)
    far = np.full_like(distance, 300.0)
    found = head.layers(
        grey=grey,
        white=white,
        hull_mm=distance,
        points=(far, far, far),
        csf_mm=3.0,
        skull_mm=7.0,
        scalp_mm=6.0,
    )
    total = sum(found.values())
    assert list(found) == list(head.TISSUES)
    assert total.min() >= 0
    assert total[distance < 15.5] == pytest.approx(1.0, abs=1e-5)
    assert total[distance > 16.6] == pytest.approx(0.0, abs=1e-5)

    def at(mm: float) -> str:
        index = int(np.abs(distance - mm).argmin())
        return max(found, key=lambda name: float(found[name][index, 0, 0]))

    assert [at(mm) for mm in (-10, 1, 4, 6.5, 9, 12.5, 15)] == [
        "grey",
        "fluid",
        "bone",
        "marrow",
        "bone",
        "fat",
        "muscle",
    ]


def test_mix_takes_its_share_from_the_t1_template() -> None:
    one = np.ones(1, dtype=np.float32)
    found = head.sharpen_mix(0.75 * one, 0.25 * one, 0.75 * one, share=0.5)
    assert found == pytest.approx([0.5])
    with pytest.raises(ValueError, match="share"):
        head.sharpen_mix(one, one, one, share=1.5)
