"""Pieces of data sets that several tests of the ingest need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

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
