"""A learned segmenter in ONNX: its channels, its box round the plan, its answer."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import expit, softmax

from sonolesion.core.errors import ConfigError, InputFault
from sonolesion.lesion.zones import Zones

Array = NDArray[np.floating[Any]]
Run = Callable[[NDArray[np.float32]], NDArray[Any]]
PACKAGE = "onnxruntime"
# Its own errors, which have no common ancestor.
FAULTS = (
    "Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile", "NotImplemented",
    "RuntimeException",
)  # fmt: skip


@dataclass(frozen=True)
class Model:
    """What a model takes and returns, as the user declares it.

    Attributes
    ----------
    model : str
        Its file.
    inputs : sequence of str
        Channels in order, such as ``visit/T1w``.
    spacing_mm : float
        Edge of a voxel [mm].
    box_voxels : sequence of 3 int
        Box round the plan, along acpc x, y, z.
    normalisation : str
        ``zscore``, ``median`` or ``none``.
    output : str
        ``probability``, ``sigmoid`` or ``softmax``.
    lesion_channels, core_channels, oedema_channels : sequence of int
        Channels of the answer that make each zone together.
    """

    model: str
    inputs: Sequence[str]
    spacing_mm: float
    box_voxels: Sequence[int]
    normalisation: str
    output: str
    lesion_channels: Sequence[int]
    core_channels: Sequence[int]
    oedema_channels: Sequence[int]


def session(file: str) -> Run:
    """Open a model: a function from channels (1, C, X, Y, Z) to the answer (1, K, X, Y, Z).

    Raises
    ------
    ConfigError
        If onnxruntime is not installed or the file is no model.
    """
    try:
        onnxruntime = importlib.import_module(PACKAGE)
    except ImportError:
        raise ConfigError(
            file="lesion.learned.model",
            found="a learned model, but no onnxruntime",
            expected="the package onnxruntime in the environment of the pipeline",
            remedy=f"install {PACKAGE}, or leave lesion.learned.model empty",
        ) from None
    native = importlib.import_module(f"{PACKAGE}.capi.onnxruntime_pybind11_state")
    errors = tuple(getattr(native, name) for name in FAULTS)
    try:
        opened = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    except errors as fault:
        raise ConfigError(
            file=file, found=str(fault), expected="an ONNX model", remedy="check the file"
        ) from fault
    name = opened.get_inputs()[0].name

    def run(channels: NDArray[np.float32]) -> NDArray[Any]:
        try:
            return np.asarray(opened.run(None, {name: channels})[0])
        except errors as fault:
            raise ConfigError(
                file=file,
                found=f"a model that refuses channels of shape {channels.shape} ({fault})",
                expected="inputs, box_voxels and spacing_mm as the model was trained",
                remedy="mend lesion.learned",
            ) from fault

    return run


def segment(
    channels: Sequence[Array], brain: NDArray[np.bool_], affine: NDArray[np.float64],
    centre_mm: NDArray[np.float64], *, model: Model, run: Run,
) -> Zones:  # fmt: skip
    """Ask a model for the zones in its box round the plan.

    Parameters
    ----------
    channels : sequence of ndarray of shape (X, Y, Z)
        Images in the order of ``model.inputs``.
    brain : ndarray of bool, shape (X, Y, Z)
    affine : ndarray of shape (4, 4)
        Voxels to acpc [mm].
    centre_mm : ndarray of shape (3,)
        Centre of the box, acpc [mm].
    run : callable
        See `session`.

    Returns
    -------
    Zones
        Probabilities on the grid of the images; zero outside the box and the brain.
    """
    grid = box_affine(centre_mm, affine, model)
    shape = tuple(model.box_voxels)
    inside = resampled(brain.astype(float), affine, grid, shape) > 0.5
    stack = [
        normalised(resampled(part, affine, grid, shape), inside, how=model.normalisation)
        for part in channels
    ]
    answer = probabilities(run(np.stack(stack)[None].astype(np.float32)), model)

    def zone(numbers: Sequence[int]) -> Array:
        part = answer[list(numbers)].sum(axis=0) if numbers else np.zeros(shape)
        back = resampled(np.clip(part, 0.0, 1.0), grid, affine, brain.shape)
        return np.asarray(np.where(brain, back, 0.0), dtype=np.float32)

    core, lesion, oedema = (
        zone(part) for part in (model.core_channels, model.lesion_channels, model.oedema_channels)
    )
    return Zones(core, lesion, oedema, core_told=bool(model.core_channels))


def box_affine(
    centre_mm: NDArray[np.float64], affine: NDArray[np.float64], model: Model
) -> NDArray[np.float64]:
    """Return voxels of the model's box to acpc [mm].

    The box begins at a voxel of the images: at their own spacing nothing is interpolated.
    """
    half = (np.asarray(model.box_voxels, dtype=float) - 1.0) / 2.0
    start = np.append(np.asarray(centre_mm) - half * model.spacing_mm, 1.0)
    grid = np.diag([model.spacing_mm] * 3 + [1.0])
    grid[:3, 3] = (affine @ np.round(np.linalg.solve(affine, start)))[:3]
    return grid


def resampled(
    volume: Array, affine: NDArray[np.float64], grid: NDArray[np.float64], shape: Sequence[int]
) -> Array:
    """Interpolate a volume linearly on another grid; zero outside."""
    matrix = np.linalg.solve(affine, grid)
    return np.asarray(
        ndimage.affine_transform(
            np.asarray(volume, dtype=float), matrix[:3, :3], matrix[:3, 3],
            output_shape=tuple(shape), order=1,
        )
    )  # fmt: skip


def normalised(values: Array, inside: NDArray[np.bool_], *, how: str) -> Array:
    """Return values in the scale a model wants, from the brain in its box."""
    if how == "none" or not inside.any():
        return values
    known = values[inside]
    if how == "median":
        return np.asarray(values / max(float(np.median(known)), 1e-6))
    return np.asarray((values - known.mean()) / max(float(known.std()), 1e-6))


def probabilities(answer: NDArray[Any], model: Model) -> Array:
    """Return the answer as probabilities of shape (K, X, Y, Z).

    Raises
    ------
    ConfigError
        If its shape or its values are not what the configuration declares.
    """
    wanted = (1, *model.box_voxels)
    highest = max(*model.lesion_channels, *model.core_channels, *model.oedema_channels, 0)
    shape_is = answer.ndim == 5 and (answer.shape[0], *answer.shape[2:]) == wanted
    if not shape_is or answer.shape[1] <= highest:
        raise ConfigError(
            file=model.model,
            found=f"an answer of shape {answer.shape}",
            expected=f"(1, more than {highest} channels, {', '.join(map(str, wanted[1:]))})",
            remedy="mend box_voxels and the channels of lesion.learned",
        )
    values = np.asarray(answer[0], dtype=float)
    if model.output == "softmax":
        return np.asarray(softmax(values, axis=0))
    if model.output == "sigmoid":
        return np.asarray(expit(values))
    if not (np.isfinite(values).all() and values.min() >= -1e-3 and values.max() <= 1.001):
        raise ConfigError(
            file=model.model,
            found=f"values from {values.min():g} to {values.max():g}",
            expected="probabilities, 0 to 1",
            remedy="set lesion.learned.output to sigmoid or softmax if it returns logits",
        )
    return values


def require_channels(paths: Sequence[str], model: Model, usable: Sequence[str]) -> None:
    """Raise `InputFault` unless the visit has every channel that the model takes."""
    if len(paths) == len(model.inputs):
        return
    wanted = {name.partition("/")[2] for name in model.inputs}
    raise InputFault(
        file=model.model,
        found=f"contrasts {', '.join(usable)} at both visits",
        expected=f"{', '.join(sorted(wanted))}, which the model takes",
        remedy="leave lesion.learned.model empty for a study without them",
    )


def record(zones: Zones, model: Model, labels: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a visit; a model has no test and no samples."""
    parts = ["zones I and II", "oedema apart" if model.oedema_channels else "oedema not told"]
    contrasts = dict.fromkeys(name.partition("/")[2] for name in model.inputs)
    return {
        "outcome": "measured" if zones.visible else "not_visible",
        "source": "learned",
        "model": model.model,
        "core_told": zones.core_told,
        "definition": f"{'; '.join(parts)}, as a learned model sees them",
        "day_after": labels["day_after"],
        "baseline": labels["baseline"],
        "statistic": None,
        "p": None,
        "contrasts_used": list(contrasts),
        "contrasts_left_out": {},
        "volume_samples_mm3": {},
        "centroid_samples_mm": [],
    }
