"""Directions of a diffusion scan, and their files."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.settings.phantom_dti import TensorScan

Array = NDArray[np.float64]
N_STEPS = 400
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


@lru_cache
def evenly(n: int) -> tuple[tuple[float, float, float], ...]:
    """Return n unit vectors that, with their opposites, spread evenly over the sphere.

    Notes
    -----
    Electrostatic repulsion, Jones 1999,
    doi:10.1002/(SICI)1522-2594(199909)42:3<515::AID-MRM14>3.0.CO;2-Q, from a spiral over the
    half sphere.
    """
    height = (np.arange(n) + 0.5) / n
    angle = np.arange(n) * GOLDEN_ANGLE
    ring = np.sqrt(1 - height**2)
    vectors = np.stack([ring * np.cos(angle), ring * np.sin(angle), height], axis=1)
    for step in range(N_STEPS):
        charges = np.concatenate([vectors, -vectors])
        apart = vectors[:, None] - charges
        distance = np.linalg.norm(apart, axis=-1)
        np.fill_diagonal(distance, np.inf)
        force = (apart / distance[..., None] ** 3).sum(axis=1)
        force -= (force * vectors).sum(axis=1, keepdims=True) * vectors
        pace = 0.1 * (1 - step / N_STEPS) / max(np.abs(force).max(), 1e-12)
        vectors = vectors + pace * force
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return tuple((float(x), float(y), float(z)) for x, y, z in vectors.round(6))


def table(scan: TensorScan) -> tuple[Array, Array]:
    """Weightings (N,) [s/mm²] and unit directions in the scanner's RAS+ axes (N, 3) of a scan.

    Volumes without weighting have a direction of zeros.
    """
    b_values = np.array(scan.b_values)
    vectors = np.zeros((len(b_values), 3))
    chosen = np.array(evenly(scan.n_directions))
    chosen /= np.linalg.norm(chosen, axis=1, keepdims=True)
    vectors[b_values > 0] = np.tile(chosen, (scan.averages, 1))
    return b_values, vectors


def in_file(vectors: Array, affine: Array) -> Array:
    """Turn directions of the scanner's axes into those of a ``.bvec`` file, shape (N, 3).

    Notes
    -----
    FSL's convention: along the axes of the image, with x reversed if the affine is positive.
    """
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    written = vectors @ axes
    if np.linalg.det(affine[:3, :3]) > 0:
        written = written * [-1.0, 1.0, 1.0]
    return np.asarray(written)


def write(stem: Path, b_values: Array, vectors: Array, affine: Array) -> None:
    """Write ``.bval`` and ``.bvec`` beside a scan."""
    stem.with_name(stem.name + ".bval").write_text(
        " ".join(f"{b:g}" for b in b_values) + "\n", encoding="ascii"
    )
    rows = in_file(vectors, affine).T + 0.0
    text = "\n".join(" ".join(f"{value:.6f}" for value in row) for row in rows)
    stem.with_name(stem.name + ".bvec").write_text(text + "\n", encoding="ascii")
