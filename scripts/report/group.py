"""Make the page of the study, and CITATION.md."""

from pathlib import Path

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.core.tables import read_tsv, write_text
from sonolesion.report import group as pages


def main(
    inventory: str,
    ledger: str,
    measures: str,
    plan: str,
    validation: list[str],
    protocol: list[str],
    atlases: str,
    qcfc: list[str],
    page: str,
    citation: str,
) -> None:
    """Read, compose, write."""
    tables = {
        "inventory": read_tsv(inventory),
        "ledger": read_tsv(ledger),
        "measures": read_tsv(measures),
        "protocol": read_tsv(protocol[0]) if protocol else [],
        "qcfc": read_tsv(qcfc[0]) if qcfc else [],
    }
    picture = Path(qcfc[1]).read_bytes() if qcfc else b""
    report = images.read_json(validation[0]) if validation else {}
    html = pages.page(images.read_json(plan), tables, report, motion_picture=picture)
    write_text(html, Path(page))
    ran = {f"{r['stage']}_{r['step']}" for r in tables["ledger"] if r["state"] == "run"}
    write_text(pages.citation(ran, images.read_json(atlases)["atlases"]), Path(citation))


if __name__ == "__main__":
    run(main, snakemake)
