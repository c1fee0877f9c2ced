"""Write what is known of a diffusion tensor scan, and the scan itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.streamlines.tractogram import Tractogram
from numpy.typing import NDArray

from sonolesion.core import images
from sonolesion.core.settings.phantom_dti import PhantomDti
from sonolesion.phantom import dataset, echo_planar, gradients, scanner, tensor_scan, truth
from sonolesion.phantom.bundles import Tube, lines
from sonolesion.phantom.cutting import Cut
from sonolesion.phantom.patient import Anatomy
from sonolesion.phantom.wiring import Course, shares

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
N_DRAWN = 60
FLOOR = 1e-6
ELEMENTS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
CENTRE_LINES = {
    "bundle": {"Description": "Bundle, sampled from its origin to its end."},
    **{axis: {"Description": f"True acpc {axis}.", "Units": "mm"} for axis in "xyz"},
    "r": {"Description": "Radius of the tube.", "Units": "mm"},
}
DIRECTION_NAMES = {1: "j", -1: "j-"}


def write_scan(
    folder: Path,
    series: tensor_scan.Series,
    dti: PhantomDti,
    affine: Array,
    *,
    label: str,
    visit: str,
    polarity: str,
) -> None:
    """Write a scan of one polarity with its table and sidecar into the data set."""
    name = f"sub-{label}_ses-{visit}_acq-dti_dir-{polarity}_dwi"
    stem = folder / f"sub-{label}" / f"ses-{visit}" / "dwi" / name
    sidecar = {
        **dataset.sidecar_of(dti.scan, "dwi"),
        "PhaseEncodingDirection": DIRECTION_NAMES[series.sign],
        "TotalReadoutTime": dti.scan.readout_s,
        "EffectiveEchoSpacing": dti.scan.readout_s / (series.volumes[0].shape[1] - 1),
        "Comment": "Acquired with motion, eddy currents and susceptibility distortion.",
    }
    images.save(f"{stem}.nii.gz", np.stack(series.volumes, axis=-1), affine, sidecar=sidecar)
    gradients.write(stem, series.b_values, series.vectors, affine)


def write_bundles(folder: Path, courses: Sequence[Course], anatomy: Anatomy, *, label: str) -> None:
    """Write the bundles in true acpc millimetres: centre lines with radius, and some fibres."""
    stem = folder / f"sub-{label}" / "dwi" / f"sub-{label}_space-acpc"
    rows: list[Mapping[str, object]] = []
    for course in courses:
        tube = course.tube
        centre = truth.to_acpc(anatomy, tube.centre_mm[::2])
        for point, radius in zip(centre, tube.radius_mm[::2], strict=True):
            rows.append({"bundle": tube.name, **dict(zip("xyz", point, strict=True)), "r": radius})
    dataset.write_table(Path(f"{stem}_desc-bundles_centrelines.tsv"), rows, CENTRE_LINES)
    for course in courses:
        name = f"{stem.name}_desc-{camel(course.tube.name)}_tractography.tck"
        write_fibres(stem.with_name(name), course.tube, anatomy)


def write_fibres(path: Path, tube: Tube, anatomy: Anatomy) -> None:
    """Write parallel fibres of a bundle, points about 1 mm apart."""
    fibres = truth.to_acpc(anatomy, lines(tube, n=N_DRAWN)[:, ::2]).astype(np.float32)
    tractogram = Tractogram(list(fibres), affine_to_rasmm=np.eye(4))
    nib.streamlines.save(tractogram, path)


def camel(name: str) -> str:
    """Name of a bundle as a BIDS label, which holds letters and digits alone."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def fitted(log_signal: Array, b_values: Array, vectors: Array) -> Array:
    """Tensor elements of noiseless signals by linear least squares.

    Parameters
    ----------
    log_signal : ndarray of shape (V, N)
        Logarithm of the signal.
    b_values, vectors : ndarray of shapes (N,) and (N, 3)
        Weighting [s/mm²] and unit directions.

    Returns
    -------
    ndarray of shape (V, 6)
        xx, xy, xz, yy, yz, zz [mm²/s].
    """
    twice = [1 if i == j else 2 for i, j in ELEMENTS]
    columns = [
        -b_values * n * vectors[:, i] * vectors[:, j]
        for n, (i, j) in zip(twice, ELEMENTS, strict=True)
    ]
    design = np.column_stack([*columns, np.ones(len(b_values))])
    return np.asarray(np.linalg.lstsq(design, log_signal.T, rcond=None)[0][:6].T)


def shape_of(elements: Array) -> tuple[Array, Array, Array]:
    """FA, mean diffusivity [mm²/s] and first eigenvector of tensors of shape (V, 6)."""
    matrix = np.empty((len(elements), 3, 3))
    for column, (i, j) in enumerate(ELEMENTS):
        matrix[:, i, j] = matrix[:, j, i] = elements[:, column]
    values, vectors = np.linalg.eigh(matrix)
    mean = values.mean(axis=1)
    squares = np.maximum((values**2).sum(axis=1), FLOOR**2)
    fa = np.sqrt(1.5 * ((values - mean[:, None]) ** 2).sum(axis=1) / squares)
    return fa, mean, vectors[..., 2]


def write_maps(
    folder: Path,
    dti: PhantomDti,
    inside: tensor_scan.Head,
    grid: scanner.Grid,
    *,
    label: str,
    visit: str,
) -> None:
    """Write tensor, FA, MD, first direction and field on the undistorted grid of the scan.

    The tensor is the linear least-squares fit to the noiseless signal at the scan's own
    directions: where bundles cross or fluid lies in a voxel no single tensor is the truth.
    """
    stem = stem_of(folder, label, visit)
    mask = scanner.resample(inside.anatomy.brain, affine=inside.anatomy.affine, grid=grid) >= 0.5
    signal = tensor_scan.signals(dti, inside)
    once = dti.scan.model_copy(update={"averages": 1})
    b_values, vectors = gradients.table(once)
    logs = [
        np.log(np.maximum(signal(float(b), vector, grid)[mask], FLOOR))
        for b, vector in zip(b_values, vectors, strict=True)
    ]
    elements = fitted(np.stack(logs, axis=1).astype(np.float64), b_values, vectors)
    fa, mean, first = shape_of(elements)
    maps = {"fa": fa, "md": mean, "direction": first, "tensor": elements}
    for name, values in maps.items():
        volume = np.full((*grid.shape, *values.shape[1:]), np.nan, dtype=np.float32)
        volume[mask] = values
        images.save(f"{stem}_model-tensor_param-{name}_dwimap.nii.gz", volume, grid.affine)
    field = echo_planar.on_grid(inside.field_hz, inside.anatomy, grid)
    images.save(f"{stem}_fieldmap.nii.gz", field, grid.affine, sidecar={"Units": "Hz"})
    images.save(f"{stem}_desc-brain_mask.nii.gz", mask, grid.affine)


def write_masks(
    folder: Path,
    dti: PhantomDti,
    courses: Sequence[Course],
    anatomy: Anatomy,
    grid: scanner.Grid,
    *,
    label: str,
    visit: str,
) -> None:
    """Write the share of each voxel's nerve tissue that each bundle fills, one volume a bundle."""
    widths = np.array(dti.scan.voxel_mm) / anatomy.affine[0, 0]
    filled = [
        scanner.resample(scanner.box_average(one, widths=widths), affine=anatomy.affine, grid=grid)
        for one in shares(list(courses), anatomy)
    ]
    stored = np.rint(np.stack(filled, axis=-1) * truth.FRACTION_SCALE).astype(np.uint8)
    images.save(
        f"{stem_of(folder, label, visit)}_desc-bundles_probseg.nii.gz",
        stored,
        grid.affine,
        sidecar={"Bundles": [c.tube.name for c in courses], "Scale": truth.FRACTION_SCALE},
    )


def write_motion(
    folder: Path, series: tensor_scan.Series, *, label: str, visit: str, polarity: str
) -> None:
    """Write motion [mm, deg] and eddy-current terms [Hz/mm, Hz] of each volume."""
    columns = {
        **{name: {"Units": "mm"} for name in ("trans_x", "trans_y", "trans_z")},
        **{name: {"Units": "deg"} for name in ("rot_x", "rot_y", "rot_z")},
        **{name: {"Units": "Hz/m"} for name in ("eddy_x", "eddy_y", "eddy_z")},
        "eddy_0": {"Units": "Hz"},
    }
    rows: list[Mapping[str, object]] = []
    for one in series.moved:
        terms = [*(one.eddy[:3] * 1000), one.eddy[3]]
        numbers = [*one.shifts_mm, *one.angles_deg, *terms]
        rows.append({name: float(v) for name, v in zip(columns, numbers, strict=True)})
    path = Path(f"{stem_of(folder, label, visit)}_dir-{polarity}_desc-motion_timeseries.tsv")
    dataset.write_table(path, rows, columns)


def describe(cuts: Mapping[str, Cut]) -> dict[str, object]:
    """Say what is cut of each bundle at a visit."""
    return {
        name: {
            "cut_fraction": round(cut.fraction, 4),
            "ever_cut_fraction": round(cut.ever, 4),
            "length_fraction": round(cut.length, 5),
            "severed_length_fraction": round(cut.severed, 4),
        }
        for name, cut in cuts.items()
    }


def stem_of(folder: Path, label: str, visit: str) -> Path:
    """Begin the names of a visit's files."""
    return folder / f"sub-{label}" / f"ses-{visit}" / "dwi" / f"sub-{label}_ses-{visit}_acq-dti"
