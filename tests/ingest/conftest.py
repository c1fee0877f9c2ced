"""Pieces of data sets that several tests of the ingest need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

GOLDEN = (1 + 5**0.5) / 2
SIX = np.array(
    [[0, 1, GOLDEN], [0, 1, -GOLDEN], [1, GOLDEN, 0], [1, -GOLDEN, 0], [GOLDEN, 0, 1],
     [-GOLDEN, 0, 1]]
) / np.hypot(1, GOLDEN)  # fmt: skip
B_VALUES = "0 1000 1000 1000 1000 1000 1000"
VECTORS = "\n".join(" ".join(f"{v:.5f}" for v in [0, *row]) for row in SIX.T)
AXES = "0 1 0 0\n0 0 1 0\n0 0 0 1\n"


class Scanner:
    """Adds diffusion and multi-echo scans to a data set."""

    def __init__(self, dataset) -> None:
        self.dataset = dataset

    def dwi(
        self,
        session: str,
        name: str = "dwi",
        *,
        b_values: str | None = "0 1000 1000 1000",
        vectors: str | None = AXES,
        subject: str = "1",
    ) -> Path:
        """Write a diffusion scan of four volumes with its tables."""
        scan = self.dataset.scan(
            subject, session, name, datatype="dwi", shape=(16, 18, 20, 4), sidecar={}
        )
        for extension, text in ((".bval", b_values), (".bvec", vectors)):
            table = scan.with_name(scan.name.replace(".nii.gz", extension))
            table.unlink(missing_ok=True)
            if text is not None:
                table.write_text(text)
        return scan

    def megre(
        self,
        session: str,
        times_s: Sequence[float | None] = (0.005, 0.015),
        *,
        part: str = "part-mag_",
        subject: str = "1",
    ) -> list[Path]:
        """Write one file an echo."""
        return [
            self.dataset.scan(
                subject,
                session,
                f"echo-{number}_{part}MEGRE",
                sidecar={} if time is None else {"EchoTime": time},
            )
            for number, time in enumerate(times_s, start=1)
        ]


@pytest.fixture
def scanner(dataset) -> Scanner:
    return Scanner(dataset)


@pytest.fixture
def tensor(dataset):
    """Write a scan of six directions; returns how."""
    dataset.patient("1", {"pre": -3, "3d": 3})
    dataset.interventions({"participant_id": "sub-1"})

    def write(session: str, name: str = "dwi", *, shape=(16, 18, 20, 7), **sidecar: object):
        scan = dataset.scan("1", session, name, datatype="dwi", shape=shape, sidecar=sidecar)
        n = shape[3]
        for extension, text in ((".bval", B_VALUES), (".bvec", VECTORS)):
            lines = [" ".join(line.split()[:n]) for line in text.splitlines()]
            scan.with_name(scan.name.replace(".nii.gz", extension)).write_text("\n".join(lines))
        return scan

    return write
