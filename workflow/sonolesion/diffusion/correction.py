"""From the scan as acquired to the corrected one: what goes into the kernels, what is told."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sonolesion.diffusion import motion, picture
from sonolesion.diffusion.motion_estimate import estimate
from sonolesion.diffusion.motion_model import parameter_names
from sonolesion.maths import brain, gradient_table, undistortion
from sonolesion.maths.distortion import displacement_voxels
from sonolesion.maths.gradient_frames import to_fsl, to_world
from sonolesion.maths.orientation import canonical
from sonolesion.maths.placed import Placed
from sonolesion.maths.undistortion import Field, Scene

Volume = NDArray[np.float32]
Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Told = Mapping[str, Any]
N_REST = 6


@dataclass(frozen=True)
class Prepared:
    """A scan as acquired, its table, and the T1w and brain on its grid.

    Attributes
    ----------
    b_values, vectors : ndarray of shape (N,) [s/mm²] and (N, 3)
        Directions in world axes.
    t1w : ndarray of shape (X, Y, Z)
    brain, mask : ndarray of bool, shape (X, Y, Z)
        Brain of the T1w, and that of the scan.
    first : int
        First unweighted volume, the reference of motion.
    """

    data: Volume
    affine: Array
    b_values: Array
    vectors: Array
    t1w: Volume
    brain: Mask
    mask: Mask
    first: int
    b0_max_s_mm2: float
    shell_width_s_mm2: float
    mask_settings: Told


@dataclass(frozen=True)
class Done:
    """What the step writes."""

    data: Volume
    b0: Volume
    mask: Mask
    bval: str
    bvec: str
    confounds: list[dict[str, object]]
    told: dict[str, Any]
    found: motion.Corrected


def prepared(
    data: Volume, affine: Array, b_values: Array, fsl_vectors: Array, t1w: Volume, share: Volume,
    *, file: str, table: Told, brain_mask: Told,
) -> Prepared:  # fmt: skip
    """Check the table and find the brain.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Scan.
    b_values, fsl_vectors : ndarray of shape (N,) and (N, 3)
        As in the files.
    t1w, share : ndarray of shape (X, Y, Z)
        T1w, and share of each voxel in its brain, on the scan's grid.
    table, brain_mask : mapping
        Settings.
    """
    settings = dict(table) | {"expected_shells_s_mm2": tuple(table["expected_shells_s_mm2"])}
    scheme = gradient_table.scheme(b_values, fsl_vectors, file=file, vectors_file=file, **settings)
    first = int(scheme.unweighted[0])
    voxel_mm = np.linalg.norm(affine[:3, :3], axis=0)
    inside = brain.mask(share, data[..., first], voxel_mm=voxel_mm, **brain_mask)
    return Prepared(
        data, affine, scheme.b_values, to_world(scheme.vectors, affine), t1w,
        share > brain.HALF, inside, first, table["b0_max_s_mm2"], table["shell_width_s_mm2"],
        brain_mask,
    )  # fmt: skip


def unweighted(
    data: NDArray[Any] | None, b_values: Array | None, *, b0_max_s_mm2: float
) -> Volume | None:
    """Return the first unweighted volume of a partner scan; all are, where it has no table."""
    if data is None:
        return None
    if data.ndim == 3:
        return np.asarray(data, dtype=np.float32)
    number = 0 if b_values is None else int(np.flatnonzero(b_values <= b0_max_s_mm2)[0])
    return np.asarray(data[..., number], dtype=np.float32)


def scene(
    scan: Prepared,
    data: Volume,
    partner: Volume | None,
    measured: Placed | None,
    to_map: Array | None = None,
) -> Scene:
    """Return what the field is looked for in.

    `to_map` carries points of the scan to those of the measured field; where they were not
    registered, the head is taken to have lain in one place.
    """
    return Scene(
        data[..., scan.first],
        partner,
        None if measured is None else np.asarray(measured.data, dtype=np.float32),
        None if measured is None else measured.affine,
        scan.t1w,
        scan.brain,
        scan.mask,
        scan.affine,
        np.eye(4) if to_map is None else to_map,
    )


def corrected(
    scan: Prepared, data: Volume, seen: Scene, *, phase: Told, distortion: Told,
    registration: Told, prediction: Told, outliers: Told, threads: int,
) -> tuple[Field, Done]:  # fmt: skip
    """Find the field and the motion, and correct both in one interpolation.

    Parameters
    ----------
    scan : Prepared
        The scan, with its table.
    data : ndarray of shape (X, Y, Z, N)
        Its volumes, cleaned.
    seen : Scene
        From `scene`.
    phase, distortion, registration, prediction, outliers : mapping
        The phase encoding and what was chosen for it, and settings.
    threads : int
        At work at once; the result is the same, byte for byte.
    """
    limits = {name: value for name, value in outliers.items() if name != "handling"}
    settings = motion.Settings(
        **{**registration, "sigmas_mm": tuple(registration["sigmas_mm"])}, **prediction, **limits
    )
    grid = motion.Grid(seen.b0.shape, scan.affine, phase["axis"])
    scheme = (scan.b_values, scan.vectors, grid, scan.mask)
    # Neither needs the other: the motion is told between distorted volumes.
    with ThreadPoolExecutor(threads) as pool:
        sought = pool.submit(undistortion.find_field, seen, phase=phase, settings=distortion)
        moves = pool.submit(estimate, data, *scheme, settings).result()
        field = sought.result()
    shift = None
    if field.hz is not None:
        shift = displacement_voxels(field.hz, phase["readout_s"], phase["sign"])
    found = motion.apply(
        data, *scheme, motion=moves, settings=settings, handling=outliers["handling"],
        shift_voxels=shift, threads=threads,
    )  # fmt: skip
    return field, _done(scan, found, shift)


def _done(scan: Prepared, found: motion.Corrected, shift: Volume | None) -> Done:
    """Return what is written of a corrected scan."""
    kept = found.kept
    low = kept & (scan.b_values <= scan.b0_max_s_mm2)
    b0 = found.data[..., low].mean(axis=3)
    voxel_mm = np.linalg.norm(scan.affine[:3, :3], axis=0)
    inside = brain.mask(scan.brain.astype(float), b0, voxel_mm=voxel_mm, **scan.mask_settings)
    fsl = to_fsl(found.vectors, scan.affine)[kept]
    return Done(
        found.data[..., kept], b0, inside,
        " ".join(f"{b:g}" for b in scan.b_values[kept]) + "\n",
        "".join(" ".join(f"{v:.6f}" for v in row) + "\n" for row in fsl.T),
        _confounds(scan, found), _told(found, shift, inside), found,
    )  # fmt: skip


def _confounds(scan: Prepared, found: motion.Corrected) -> list[dict[str, object]]:
    """Return a row a volume: motion, eddy field, residuals, lost slices."""
    names = parameter_names(found.parameters.shape[1])
    rows = []
    for n, parameters in enumerate(found.parameters):
        slices = ",".join(str(z) for z in np.flatnonzero(found.outlier[:, n]))
        told = {
            "volume": n,
            "b_s_mm2": f"{scan.b_values[n]:g}",
            "kept": "true" if found.kept[n] else "false",
        }
        told |= {name: f"{v:.6g}" for name, v in zip(names, parameters, strict=True)}
        rows.append(
            told
            | {
                "residual_before": _cell(found.residual_before[n]),
                "residual_after": _cell(found.residual_after[n]),
                "outlier_slices": slices,
                "replaced_share": f"{found.replaced[n]:.4f}",
            }
        )
    return rows


def _cell(value: float) -> str:
    return f"{value:.5g}" if np.isfinite(value) else ""


def _told(found: motion.Corrected, shift: Volume | None, inside: Mask) -> dict[str, Any]:
    rest = found.parameters[:, :N_REST]
    told: dict[str, Any] = {
        "NumberOfVolumes": len(found.kept),
        "VolumesLeftOut": np.flatnonzero(~found.kept).tolist(),
        "OutlierSlices": int(found.outlier.sum()),
        "LargestTranslation_mm": float(np.linalg.norm(rest[:, :3], axis=1).max()),
        "LargestRotation_deg": float(np.rad2deg(np.linalg.norm(rest[:, 3:], axis=1).max())),
        "Interpolation": "once, cubic, modulated by the Jacobian",
    }
    for name, values in (("Before", found.residual_before), ("After", found.residual_after)):
        known = values[np.isfinite(values)]
        told[f"MedianResidual{name}"] = float(np.median(known)) if known.size else None
    if shift is not None:
        low, high = np.percentile(shift[inside], [2.0, 98.0])
        told["Displacement_voxels"] = [float(low), float(high)]
    return told


def drawn_motion(done: Done) -> PIL.Image.Image:
    """Draw motion, residuals and lost slices."""
    told = done.told
    title = (
        f"Motion up to {told['LargestTranslation_mm']:.1f} mm and "
        f"{told['LargestRotation_deg']:.1f}°; {told['OutlierSlices']} slices lost signal, "
        f"{len(told['VolumesLeftOut'])} volumes left out"
    )
    residuals = {"before": done.found.residual_before, "after": done.found.residual_after}
    return picture.motion(done.found.parameters, residuals, done.found.outlier, title=title)


def drawn_distortion(seen: Scene, done: Done, *, method: str) -> PIL.Image.Image:
    """Draw the unweighted volume before and after."""
    volumes = [
        canonical(volume, seen.affine) for volume in (seen.b0, done.b0, seen.t1w, seen.brain)
    ]
    box = picture.around(np.asarray(volumes[3][0], dtype=bool))
    before, after, t1w, inside = (volume[box] for volume, _ in volumes)
    title = f"Unweighted volume, distortion correction: {method}; T1w: white matter red, brain cyan"
    return picture.distortion(
        before, after, t1w, np.asarray(inside, dtype=bool), volumes[0][1], title=title
    )
