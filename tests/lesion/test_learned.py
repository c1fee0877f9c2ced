"""A learned model's box, channels and answer; with onnxruntime, a real one of 160 bytes."""

from __future__ import annotations

import base64
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonolesion.core.errors import ConfigError, InputFault
from sonolesion.core.settings.lesion import Lesion
from sonolesion.lesion import learned

SHAPE = (24, 26, 22)
AFFINE = np.diag([1.0, 1.0, 1.0, 1.0])
AFFINE[:3, 3] = (-12.0, -13.0, -11.0)
CENTRE = np.array([2.0, -3.0, 1.0])
BRAIN = np.ones(SHAPE, dtype=bool)
# One convolution: logits 0 and 8 (first channel - second channel) - 4.
TINY = (
    "CAg6lQEKEgoBeAoBdwoBYhIBeSIEQ29udhIBZyohCAIIAggBCAEIARABQgF3ShAAAAAAAAAAAAAAAEEAAADBKhEIAhAB"
    "QgFiSggAAAAAAACAwFoiCgF4Eh0KGwgBEhcKAggBCgIIAgoDEgFhCgMSAWIKAxIBY2IiCgF5Eh0KGwgBEhcKAggBCgII"
    "AgoDEgFhCgMSAWIKAxIBY0IECgAQDQ=="
)
needs_onnx = pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime") is None, reason="onnxruntime is not installed"
)


def model(**changed: Any) -> learned.Model:
    declared = Lesion().learned.model_dump()
    declared |= {"box_voxels": (16, 16, 16), "normalisation": "none", "model": "m.onnx"}
    return learned.Model(**(declared | changed))


def difference(channels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Do what the tiny model does."""
    logit = 8 * (channels[:, 0] - channels[:, 1]) - 4
    return np.stack([np.zeros_like(logit), logit], axis=1)


def images() -> list[NDArray[np.float64]]:
    late = np.ones(SHAPE)
    late[13:17, 9:12, 11:14] = 2.0
    return [late, np.ones(SHAPE)]


def asked(declared: learned.Model, run: learned.Run) -> NDArray[np.bool_]:
    zones = learned.segment(images(), BRAIN, AFFINE, CENTRE, model=declared, run=run)
    assert not zones.core_told
    return zones.mask


def test_the_answer_comes_back_to_its_place() -> None:
    np.testing.assert_array_equal(asked(model(), difference), images()[0] > 1.5)


def test_nothing_outside_the_box_or_the_brain() -> None:
    def everywhere(channels: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.ones((1, 2, *channels.shape[2:]), dtype=np.float32)

    half = BRAIN.copy()
    half[14:] = False
    zones = learned.segment(
        images(), half, AFFINE, CENTRE, model=model(output="probability"), run=everywhere
    )
    x, y, z = np.nonzero(zones.mask)
    assert (x.min(), x.max()) == (6, 13)
    assert (y.max() - y.min(), z.max() - z.min()) == (15, 15)


@pytest.mark.parametrize("spacing", [0.8, 1.25])
def test_another_spacing_gives_nearly_the_same_lesion(spacing: float) -> None:
    found = asked(model(spacing_mm=spacing), difference)
    true = images()[0] > 1.5
    assert (found & true).sum() > 0.6 * true.sum()
    assert (found & ~true).sum() < 0.6 * true.sum()


def test_channels_are_normalised_by_the_brain_alone() -> None:
    values = np.array([1.0, 3.0, 100.0])
    inside = np.array([True, True, False])
    score = learned.normalised(values, inside, how="zscore")
    np.testing.assert_allclose(score, [-1, 1, 98])
    np.testing.assert_allclose(learned.normalised(values, inside, how="median"), values / 2)
    np.testing.assert_allclose(learned.normalised(values, inside, how="none"), values)


@pytest.mark.parametrize(
    ("output", "value", "probability"),
    [("probability", 0.25, 0.25), ("sigmoid", 0.0, 0.5), ("softmax", 3.0, 0.5)],
)
def test_what_a_model_returns_becomes_a_probability(
    output: str, value: float, probability: float
) -> None:
    answer = np.full((1, 2, 16, 16, 16), value)
    np.testing.assert_allclose(learned.probabilities(answer, model(output=output)), probability)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.zeros((1, 1, 16, 16, 16)), "more than 1 channels"),
        (np.zeros((1, 2, 16, 16, 8)), "answer of shape"),
        (np.full((1, 2, 16, 16, 16), 7.0), "set lesion.learned.output"),
        (np.full((1, 2, 16, 16, 16), np.nan), "expected probabilities"),
    ],
)
def test_an_answer_that_is_not_as_declared_is_refused(
    answer: NDArray[np.float64], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        learned.probabilities(answer, model(output="probability"))


def test_a_visit_without_the_contrasts_is_refused_by_name() -> None:
    declared = model(inputs=("visit/FLAIR", "baseline/FLAIR"))
    with pytest.raises(InputFault, match="found contrasts T1w at both visits; expected FLAIR"):
        learned.require_channels([], declared, ["T1w"])
    learned.require_channels(["a", "b"], declared, ["T1w", "FLAIR"])


@pytest.mark.parametrize("shift", [0.0, 5.0])
def test_the_record_says_who_saw_what(shift: float) -> None:
    def run(channels: NDArray[np.float32]) -> NDArray[np.float32]:
        return difference(channels) - np.array([0, shift])[None, :, None, None, None] * 10

    zones = learned.segment(images(), BRAIN, AFFINE, CENTRE, model=model(), run=run)
    told = learned.record(zones, model(), {"day_after": 3.0, "baseline": "ses-b"})
    assert told["outcome"] == ("not_visible" if shift else "measured")
    assert (told["source"], told["p"], told["contrasts_used"]) == ("learned", None, ["T1w"])
    assert told["definition"].startswith("zones I and II; oedema not told")


@pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime") is not None, reason="onnxruntime is installed"
)
def test_without_onnxruntime_the_user_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no onnxruntime.*Remedy: install"):
        learned.session(str(tmp_path / "m.onnx"))


@needs_onnx
def test_a_real_model_runs(tmp_path: Path) -> None:
    file = tmp_path / "tiny.onnx"
    file.write_bytes(base64.b64decode(TINY))
    run = learned.session(str(file))
    np.testing.assert_array_equal(asked(model(), run), images()[0] > 1.5)
    with pytest.raises(ConfigError, match="refuses channels"):
        run(np.zeros((1, 3, 4, 4, 4), dtype=np.float32))


@needs_onnx
@pytest.mark.parametrize("content", [b"no model", b"", None])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "m.onnx"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"m\.onnx.*expected an ONNX model"):
        learned.session(str(file))
