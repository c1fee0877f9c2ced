"""Time of ALFF, fALFF and ReHo against a loop over voxels, in one run, as ratios.

Makes a scan of 96 x 96 x 63 voxels and 75 volumes with every voxel in the brain, and maps it on
one thread: python benchmarks/functional_speed.py

The loop is the published definition with scipy, one voxel after the other: `periodogram` and the
roots of its powers (Zang 2007, Zou 2008), `rankdata` of 27 neighbours and Kendall's W (Zang 2004).
It is timed on voxels spread over the brain and scaled up; the maps are compared there. Memory is
the most the process held, the scan (174 MB as it is made, and once more as rows) included.
Attempts alternate and the fastest of each counts, since what else runs on a machine only adds.
Limits: 20 times as fast, 1e-6, 3 GB.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal, stats

from sonolesion.functional import activity, homogeneity

SHAPE, N_FRAMES, TR_S = (96, 96, 63), 75, 1.259
LOW_HZ, HIGH_HZ, NEIGHBOURS = 0.01, 0.08, 27
ATTEMPTS, N_LOOP = 3, 400
LEAST_RATIO, MOST_DIFFERENCE, MOST_MB = 20.0, 1e-6, 3000.0
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

Rows = NDArray[np.float32]
Array = NDArray[np.float64]


def scan() -> Rows:
    """Return noise that is smooth in space and wanders in time, one row a voxel (C order)."""
    rng = np.random.default_rng(0)
    rows = np.empty((int(np.prod(SHAPE)), N_FRAMES), dtype=np.float32)
    drift = np.zeros(SHAPE, dtype=np.float32)
    for frame in range(N_FRAMES):
        noise = rng.standard_normal(SHAPE, dtype=np.float32)
        drift = np.float32(0.8) * drift + ndimage.uniform_filter(noise, 3)
        rows[:, frame] = (drift + np.float32(0.1) * noise).ravel()
    return rows


def kernels(rows: Rows) -> dict[str, Callable[[], Array]]:
    """Return the two calls that are timed; each gives an array of (V, maps)."""
    kept, inside = np.ones(N_FRAMES, dtype=bool), np.ones(SHAPE, dtype=bool)

    def alff() -> Array:
        found = activity.amplitude(
            rows, kept, tr_s=TR_S, low_hz=LOW_HZ, high_hz=HIGH_HZ, highest_hz=None,
            gaps="interpolate",
        )  # fmt: skip
        return np.column_stack([found.alff, found.falff])

    def reho() -> Array:
        options: dict[str, Any] = {"neighbours": NEIGHBOURS, "min_neighbours": 1}
        return homogeneity.concordance(rows, inside, **options)[:, None].astype(np.float64)

    return {"ALFF and fALFF": alff, "ReHo": reho}


def loop_alff(rows: Rows, voxels: NDArray[np.intp]) -> Array:
    """Return ALFF and fALFF by the definition, one voxel after the other."""
    found = np.empty((len(voxels), 2))
    for number, voxel in enumerate(voxels):
        row = rows[voxel].astype(np.float64)
        hz, power = signal.periodogram(row, 1 / TR_S, detrend=signal.detrend, scaling="spectrum")
        root = np.sqrt(power[1:])
        band = (hz[1:] >= LOW_HZ) & (hz[1:] <= HIGH_HZ)
        found[number] = root[band].mean(), root[band].sum() / root.sum()
    return found


def loop_reho(rows: Rows, voxels: NDArray[np.intp]) -> Array:
    """Return Kendall's W of neighbourhoods by the definition, one voxel after the other."""
    volume, found = rows.reshape(*SHAPE, N_FRAMES), np.empty((len(voxels), 1))
    for number, (x, y, z) in enumerate(zip(*np.unravel_index(voxels, SHAPE), strict=True)):
        low = [max(i - 1, 0) for i in (x, y, z)]
        near = volume[low[0] : x + 2, low[1] : y + 2, low[2] : z + 2].reshape(-1, N_FRAMES)
        ranks = stats.rankdata(near, axis=1)
        k, n = ranks.shape
        spread = np.square(ranks.sum(axis=0) - k * (n + 1) / 2).sum()
        found[number] = 12 * spread / (k**2 * (n**3 - n))
    return found


def timed(work: Callable[[], Array]) -> tuple[float, Array]:
    """Return its seconds of this process's own work, and what it gave."""
    start_s = time.process_time()
    found = work()
    return time.process_time() - start_s, found


def judged(name: str, rows: Rows, ours: Callable[[], Array], loop: Callable[..., Array]) -> bool:
    """Measure one kernel and print it; return whether it keeps its limits."""
    voxels = np.linspace(0, len(rows) - 1, N_LOOP).astype(np.intp)
    taken: list[tuple[float, float]] = []
    for _ in range(ATTEMPTS):
        ours_s, maps = timed(ours)
        loop_s, wanted = timed(lambda: loop(rows, voxels))
        taken.append((ours_s, loop_s * len(rows) / len(voxels)))
        difference = float(np.abs(maps[voxels] - wanted).max())
    ours_s, loop_s = (min(column) for column in zip(*taken, strict=True))
    print(
        f"{name}: {ours_s:.2f} s, loop {loop_s:.0f} s scaled from {N_LOOP} voxels: "
        f"{loop_s / ours_s:.0f} x as fast (at least {LEAST_RATIO:g}); "
        f"largest difference {difference:.1e} (at most {MOST_DIFFERENCE:g})"
    )
    return loop_s / ours_s >= LEAST_RATIO and difference <= MOST_DIFFERENCE


def main() -> int:
    """Measure; return 1 if a limit is passed."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # Too late for this process: the linear-algebra library reads it as it is loaded.
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)
    rows = scan()
    works = kernels(rows)
    kept = [
        judged("ALFF and fALFF", rows, works["ALFF and fALFF"], loop_alff),
        judged("ReHo", rows, works["ReHo"], loop_reho),
    ]
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory: {most_mb:.0f} MB (at most {MOST_MB:g})")
    return int(not all(kept) or most_mb > MOST_MB)


if __name__ == "__main__":
    sys.exit(main())
