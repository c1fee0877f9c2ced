"""Time of the tensor fit against MRtrix and dipy, in one run, as ratios.

Makes a scan of 96 x 96 x 60 voxels and 65 volumes with 200 000 voxels of brain, and fits it with
2 threads: python benchmarks/tensor_speed.py

- MRtrix ``dwi2tensor -iter 0`` is timed as a command, from uncompressed files in memory's cache
  to its file, less the time that the command takes to start; on the faster of two orders of the
  samples in the file. Ours is timed from the same NIfTI file to a file too, inside a Python that
  runs already (as a step of the pipeline, which has other reasons to start one), and alone.
- dipy's ``TensorModel(fit_method="WLS")``, which uses one thread and eigen-decomposes, is timed on
  10 000 of the voxels in memory and scaled up; ours beside it includes residual and all maps.

Attempts alternate and the fastest of each counts, since what else runs on a machine only adds.
Limits: 8 times as fast as dipy, and 1.2 times the time of MRtrix.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from sonolesion.diffusion import tensor
from sonolesion.diffusion.tensor_design import columns

SHAPE, N_UNWEIGHTED, N_DIRECTIONS, N_BRAIN = (96, 96, 60), 5, 60, 200_000
B_S_MM2, S0, NOISE, MIN_SIGNAL = 1000.0, 800.0, 20.0, 1e-3
THREADS, ATTEMPTS, N_DIPY = 2, 5, 10_000
LEAST_DIPY, MOST_MRTRIX = 8.0, 1.2
MRTRIX_ORDER = [0, 3, 4, 1, 5, 2]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

Volume = NDArray[np.float32]
Array = NDArray[np.float64]


def table() -> tuple[Array, Array]:
    """Return b-values and directions."""
    vectors = np.random.default_rng(0).normal(size=(N_UNWEIGHTED + N_DIRECTIONS, 3))
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    vectors[:N_UNWEIGHTED] = 0.0
    return np.where(np.arange(len(vectors)) < N_UNWEIGHTED, 0.0, B_S_MM2), vectors


def scan(b: Array, vectors: Array) -> tuple[Volume, NDArray[np.bool_]]:
    """Return a scan of random tensors in an ellipsoid, Rician noise everywhere, and its mask."""
    rng = np.random.default_rng(1)
    places = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    radius = np.sqrt(sum(place**2 for place in places))
    mask = radius <= np.partition(radius.ravel(), N_BRAIN - 1)[N_BRAIN - 1]
    roots = rng.normal(0, 1, (np.count_nonzero(mask), 3, 3)) * np.sqrt([1e-3, 5e-4, 3e-4])
    full = np.einsum("vij,vkj->vik", roots, roots) / 2
    elements = full[:, *np.triu_indices(3)]
    data = np.zeros((*SHAPE, len(b)), dtype=np.float32, order="F")
    for number, row in enumerate(columns(b, vectors)):
        volume = np.zeros(SHAPE, dtype=np.float32)
        volume[mask] = S0 * np.exp(elements @ row)
        noise = rng.standard_normal((2, *SHAPE), dtype=np.float32) * np.float32(NOISE)
        data[..., number] = np.hypot(volume + noise[0], noise[1])
    return data, mask


def fit_file(folder: Path, b: Array, vectors: Array) -> None:
    """Read, fit as MRtrix does, write the tensor."""
    data = np.asarray(nib.load(folder / "dwi.nii").dataobj.get_unscaled())
    mask = np.asarray(nib.load(folder / "mask.nii").dataobj).ravel(order="F")
    inside = np.flatnonzero(mask)
    rows = data.reshape(-1, len(b), order="F")
    found = tensor.fit(rows, b, vectors, **options("signal", inside), with_residual=False)
    out = np.zeros((6, mask.size), dtype=np.float32)
    out[:, inside] = found.elements.T
    image = nib.Nifti1Image(out.T.reshape((*SHAPE, 6), order="F"), np.eye(4))
    nib.save(image, folder / "ours.nii")


def options(weighting: str, voxels: NDArray[np.intp] | None) -> dict[str, Any]:
    """Return the arguments of a fit."""
    chosen = {"weighting": weighting, "min_signal": MIN_SIGNAL}
    return {**chosen, "threads": THREADS, "voxels": voxels}


def fit_and_maps(rows: Volume, inside: NDArray[np.intp], b: Array, vectors: Array) -> None:
    """Fit as dipy does, with residual and maps."""
    found = tensor.fit(rows, b, vectors, **options("ols_prediction", inside))
    tensor.maps(found.elements, threads=THREADS)


def mrtrix(folder: Path, scan_file: str) -> list[str]:
    """Return the command."""
    flags = ["-quiet", "-force", "-iter", "0", "-nthreads", str(THREADS)]
    files = [str(folder / name) for name in ("grad.txt", "mask.nii", scan_file, "theirs.mif")]
    return ["dwi2tensor", *flags, "-grad", files[0], "-mask", *files[1:]]


def prepare(folder: Path, data: Volume, mask: NDArray[np.bool_], b: Array, g: Array) -> None:
    """Write the files."""
    nib.save(nib.Nifti1Image(data, np.eye(4)), folder / "dwi.nii")
    nib.save(nib.Nifti1Image(mask.astype(np.uint8), np.eye(4)), folder / "mask.nii")
    np.savetxt(folder / "grad.txt", np.column_stack([g, b]), fmt="%.17g")
    convert = ["mrconvert", "-quiet", str(folder / "dwi.nii"), "-strides", "2,3,4,1"]
    subprocess.run([*convert, str(folder / "dwi.mif")], check=True)


def timed(work: Callable[[], object]) -> float:
    """Return its seconds."""
    start_s = time.perf_counter()
    work()
    return time.perf_counter() - start_s


def dipy_work(rows: Volume, b: Array, vectors: Array) -> Callable[[], object]:
    """Return the call that is timed, on some voxels."""
    from dipy.core.gradients import gradient_table
    from dipy.reconst.dti import TensorModel

    model = TensorModel(gradient_table(b, bvecs=vectors), fit_method="WLS")
    some = np.ascontiguousarray(rows[:: len(rows) // N_DIPY][:N_DIPY], dtype=np.float64)
    return lambda: model.fit(some)


def measured(folder: Path) -> tuple[dict[str, list[float]], float]:
    """Return the seconds of every attempt, and how far the tensors differ."""
    b, vectors = table()
    data, mask = scan(b, vectors)
    prepare(folder, data, mask, b, vectors)
    rows, inside = data.reshape(-1, len(b), order="F"), np.flatnonzero(mask.ravel(order="F"))
    in_memory = options("signal", inside) | {"with_residual": False}

    def run(*command: str) -> Callable[[], object]:
        return lambda: subprocess.run(command, check=True, capture_output=True)

    works: dict[str, Callable[[], object]] = {
        "ours, file to file": lambda: fit_file(folder, b, vectors),
        "ours, in memory": lambda: tensor.fit(rows, b, vectors, **in_memory),
        "MRtrix starting": run("dwi2tensor", "-version"),
        "MRtrix, .nii": run(*mrtrix(folder, "dwi.nii")),
        "MRtrix, .mif by voxel": run(*mrtrix(folder, "dwi.mif")),
        "ours as dipy, with maps": lambda: fit_and_maps(rows, inside, b, vectors),
        "dipy, some voxels": dipy_work(rows[inside], b, vectors),
    }
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ATTEMPTS):
        for name, work in works.items():
            taken[name].append(timed(work))
    return taken, difference(folder, mask)


def difference(folder: Path, mask: NDArray[np.bool_]) -> float:
    """Return the largest difference of the two files over a tensor's largest element."""
    convert = ["mrconvert", "-quiet", "-force", str(folder / "theirs.mif")]
    subprocess.run([*convert, str(folder / "theirs.nii")], check=True)
    ours, theirs = (
        np.asarray(nib.load(folder / name).dataobj)[mask] for name in ("ours.nii", "theirs.nii")
    )
    theirs = theirs[:, MRTRIX_ORDER]
    keep = tensor.maps(theirs)["positive_definite"]
    size = np.abs(theirs[keep]).max(axis=1, keepdims=True)
    return float((np.abs(ours[keep] - theirs[keep]) / size).max())


def main() -> int:
    """Measure; return 1 if a limit is passed."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # Too late for this process: the linear-algebra library reads it as it is loaded.
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)
    if shutil.which("dwi2tensor") is None:
        raise SystemExit("dwi2tensor of MRtrix is not on the path")
    with tempfile.TemporaryDirectory() as folder:
        taken, differing = measured(Path(folder))
    for name, values in taken.items():
        print(f"{name:24s} least {min(values):.3f} s, median {np.median(values):.3f} s")
    least = {name: min(values) for name, values in taken.items()}
    dipy_s = least["dipy, some voxels"] * N_BRAIN / N_DIPY
    theirs_s = min(least["MRtrix, .nii"], least["MRtrix, .mif by voxel"]) - least["MRtrix starting"]
    faster = dipy_s / least["ours as dipy, with maps"]
    slower = least["ours, file to file"] / theirs_s
    print(
        f"dipy WLS: {dipy_s:.2f} s, scaled from {N_DIPY} voxels; ours is {faster:.1f} x as fast "
        f"(at least {LEAST_DIPY:g})\nMRtrix: {theirs_s:.3f} s without its start; ours takes "
        f"{slower:.2f} x of that file to file (at most {MOST_MRTRIX:g}), "
        f"{least['ours, in memory'] / theirs_s:.2f} x in memory; tensors differ by {differing:.1e}"
    )
    return int(faster < LEAST_DIPY or slower > MOST_MRTRIX)


if __name__ == "__main__":
    sys.exit(main())
