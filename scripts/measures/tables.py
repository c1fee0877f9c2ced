"""Join the tables of all visits into the tables of the study."""

from pathlib import Path

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.measures import tables as kernels


def main(
    tables: list[str],
    measures: str,
    parquet: str,
    dictionary: str,
    lesion_wide: str,
    *,
    significant_digits: int,
) -> None:
    """Read, join, write."""
    texts = {path: Path(path).read_text(encoding="utf-8") for path in tables}
    rows = kernels.combine(texts, digits=significant_digits)
    Path(measures).write_text(kernels.to_tsv(rows, digits=significant_digits), encoding="utf-8")
    Path(parquet).write_bytes(kernels.to_parquet(rows))
    images.write_json(dictionary, kernels.dictionary())
    wide = kernels.lesion_wide(rows, digits=significant_digits)
    Path(lesion_wide).write_text(wide, encoding="utf-8")


if __name__ == "__main__":
    run(main, snakemake)
