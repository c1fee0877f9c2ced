"""A head of two tissues with a known flow, and what the plan tells of its series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.perfusion.mapping import Tissue, single_factor

SHAPE = (24, 26, 20)
GRID = np.diag([3.0, 3.0, 4.0, 1.0])
VALUES: dict[str, float | list[float]] = {
    "partition_ml_g": 0.9, "blood_t1_s": 1.65, "efficiency": 0.85, "labelling_s": 1.8,
    "delay_s": 2.0, "m0_scale": 1.0, "recovery_s": 4.25, "grey_t1_s": 1.33, "white_t1_s": 0.83,
}  # fmt: skip
FLOW = {"grey": 60.0, "white": 20.0}


class Head:
    """Shares of tissue, M0 as measured at a TR, and series of it."""

    def __init__(self) -> None:
        place = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in SHAPE], indexing="ij"))
        radius = np.sqrt((place**2).sum(axis=0))
        self.brain = radius < 0.85
        grey = np.clip((radius - 0.5) / 0.1, 0, 1) * self.brain
        shares = np.stack([grey, self.brain - grey, np.zeros(SHAPE)], axis=3)
        self.tissue = Tissue(shares.astype(np.float32), self.brain)
        self.flow = FLOW["grey"] * shares[..., 0] + FLOW["white"] * shares[..., 1]
        self.m0 = 1000.0 * self.brain
        self.measured_m0 = self.m0 * -np.expm1(-4.25 / 1.33)

    def told(self, **change: Any) -> dict[str, Any]:
        """Return what the plan tells; constants by name in `values`."""
        values = VALUES | change.pop("values", {})
        constants = {
            name: {"symbol": name, "words": name, "value": v, "unit": "s", "source": "test"}
            for name, v in values.items()
        }
        return {
            "equation": "pcasl", "layout": "pairs", "controls": [1, 3], "labels": [2, 4],
            "differences": [], "m0": [0], "cbf": [], "groups": [[0, 1]],
            "offsets_s": [[[0.0]]], "m0_source": "volumes", "m0_scan": "", "one_contrast": True,
            "constants": constants, "scanner_map": "", "voxel_ratio": 1.0,
        } | change  # fmt: skip

    def difference(self, told: dict[str, Any]) -> np.ndarray:
        """Return ΔM of the flow, by the equation that is told."""
        return self.flow / single_factor(told) * self.m0

    def series(self, told: dict[str, Any]) -> np.ndarray:
        """Return M0, control, label, control, label."""
        control, label = self.measured_m0, self.measured_m0 - self.difference(told)
        return np.stack([self.measured_m0, control, label, control, label], axis=3).astype("f4")


@pytest.fixture
def head() -> Head:
    return Head()
