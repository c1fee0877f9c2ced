"""Validate the data set against BIDS, offline."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonolesion.core import images, tools
from sonolesion.core.run import run
from sonolesion.ingest.validation import summary

if TYPE_CHECKING:
    snakemake: Any


def main(dataset: str, findings: str) -> None:
    """Run the validator, keep what it found."""
    report = tools.validate_bids(Path(dataset).parent)
    images.write_json(findings, summary(report))


if __name__ == "__main__":
    run(main, snakemake)
