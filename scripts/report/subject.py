"""Make the page of one subject from what is there and current."""

from pathlib import Path

from sonolesion.core import images
from sonolesion.core import protocol as protocols
from sonolesion.core.bids import entities_of
from sonolesion.core.run import run
from sonolesion.core.tables import read_tsv, write_text
from sonolesion.report import subject as pages
from sonolesion.report.film import Look
from sonolesion.report.records import File, Reader


def main(
    current: list[str],
    inventory: str,
    ledger: str,
    plan: str,
    validation: list[str],
    protocol: list[str],
    page: str,
    *,
    subject: str,
    look: dict[str, float],
) -> None:
    """Read, compose, write."""
    files = [File(path, *entities_of(Path(path).name)) for path in current]
    own = {path: pages.rows_of(read_tsv(path), subject) for path in (inventory, ledger)}
    logs = {Path(row["log"]).with_suffix(".json") for row in own[ledger]}
    material = pages.Material(
        subject=subject,
        plan=images.read_json(plan)["subjects"].get(subject, {}),
        inventory=own[inventory],
        ledger=own[ledger],
        files=files,
        measures=[row for f in files if f.suffix == "measures" for row in read_tsv(f.path)],
        validation=images.read_json(validation[0]) if validation else {},
        protocol=protocols.subject_rows(Path(protocol[0]).parent, subject) if protocol else None,
        provenance=[images.read_json(log) for log in sorted(logs) if log.is_file()],
    )
    reader = Reader(images.load, images.read_json, lambda path: Path(path).read_bytes())
    html = pages.page(material, reader, look=Look(**look))
    write_text(html, Path(page))


if __name__ == "__main__":
    run(main, snakemake)
