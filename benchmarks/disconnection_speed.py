"""Time of the intersection of a tractogram with a lesion.

Run: ``PYTHONPATH=workflow python benchmarks/disconnection_speed.py``. Made-up streamlines of
1 mm steps through a head-sized box, and a lesion of a thalamotomy's size; one core.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from sonolesion.tracts import disconnection


def wandering(n_lines: int, n_points: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return smooth streamlines of 1 mm steps that pass near the thalamus."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(n_lines, 1, 3)) + 0.3 * np.cumsum(
        rng.normal(0, 0.1, (n_lines, n_points, 3)), axis=1
    )
    steps /= np.linalg.norm(steps, axis=2, keepdims=True) * 1.001
    lines = np.cumsum(steps, axis=1)
    lines += rng.normal(0, 25.0, (n_lines, 1, 3)) - lines[:, n_points // 2, None]
    offsets = np.arange(n_lines + 1, dtype=np.int64) * n_points
    return lines.reshape(-1, 3).astype(np.float32), offsets


def main() -> None:
    """Print the time of each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streamlines", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    points, offsets = wandering(given.streamlines, given.points, seed=1)
    grid = np.indices((193, 229, 193)).astype(np.float32)
    centre = np.array([96.0, 112.0, 84.0], dtype=np.float32)
    radius = np.sqrt(((grid - centre[:, None, None, None]) ** 2).sum(axis=0))
    lesion = np.clip(3.5 - radius, 0.0, 1.0)
    del grid, radius
    affine = np.eye(4)
    affine[:3, 3] = -96.0, -132.0, -78.0
    for name, call in (
        ("contacts", lambda: disconnection.contacts(points, offsets, lesion, affine, floor=0.01)),
        (
            "cut",
            lambda: disconnection.cut(points, offsets, lesion, affine, threshold=0.5, floor=0.01),
        ),
    ):
        times = []
        for _ in range(given.repeats):
            start, busy = time.perf_counter(), time.process_time()
            result = call()
            times.append((time.perf_counter() - start, time.process_time() - busy))
        told = ", ".join(f"{wall:.2f} ({cpu:.2f} of processor)" for wall, cpu in times)
        print(f"{name}: {given.streamlines} streamlines, {len(points)} points: {told} s")
    print(f"cut: {int(result.is_cut.sum())} streamlines; demand: under 2 s")


if __name__ == "__main__":
    main()
