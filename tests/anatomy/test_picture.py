from __future__ import annotations

import io

import numpy as np

from sonolesion.anatomy import picture

from .conftest import TOY_AFFINE


def test_a_picture_is_small_and_shows_image_and_contour(toy: np.ndarray) -> None:
    plain = picture.slices(toy, TOY_AFFINE, {}, brain=toy > 0, title="t")
    drawn = picture.slices(
        toy, TOY_AFFINE, {"red": toy > 0}, brain=toy > 0, title="t", marks_mm=[(0, 0, 0)]
    )
    file = io.BytesIO()
    drawn.save(file, format="png", optimize=True)
    assert file.tell() < 150_000
    red = np.asarray(drawn.convert("RGB")).astype(int)
    assert ((red[..., 0] - red[..., 1]) > 100).sum() > 500
    assert np.asarray(plain.convert("L")).max() > 200


def test_the_patients_left_is_on_the_right(toy: np.ndarray) -> None:
    volume = np.zeros_like(toy)
    volume[:20] = toy[:20]
    image = np.asarray(picture.slices(volume, TOY_AFFINE, {}, brain=toy > 0, title="").convert("L"))
    axial = image[460:630, 410:590].astype(int)
    assert axial[:, 90:].sum() > 3 * axial[:, :90].sum()


def test_edges_are_the_brain_and_its_white_matter(toy: np.ndarray) -> None:
    contours = picture.edges(toy, toy > 0)
    assert (contours["cyan"] == (toy > 0)).all()
    assert contours["red"][toy == 100].mean() > 0.8
    assert contours["red"][toy == 30].mean() < 0.2
