"""The command line: the BIDS-App form, and a few commands beside it.

``sonolesion BIDS OUT {participant,group}`` runs the workflow in two passes: the first works,
the second makes tables and pages of what is there and current.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonolesion import __version__

if TYPE_CHECKING:
    from sonolesion.core.raters import Outline
    from sonolesion.lesion.agreement import Compared

COMMANDS: dict[str, tuple[str, Callable[[list[str]], int]]] = {}
Command = Callable[[list[str]], int]


def command(name: str, summary: str) -> Callable[[Command], Command]:
    """Register a command that stands beside the BIDS-App form."""

    def register(function: Command) -> Command:
        COMMANDS[name] = (summary, function)
        return function

    return register


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 sound, 1 something failed, 2 wrong use."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    from sonolesion.core.errors import SonolesionError

    try:
        if given and given[0] in COMMANDS:
            return COMMANDS[given[0]][1](given[1:])
        return _bids_app(given)
    except SonolesionError as fault:
        print(f"sonolesion: {fault}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    beside = "\n".join(f"  sonolesion {name:8} {text}" for name, (text, _) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="sonolesion",
        description="From a BIDS data set of focused-ultrasound patients to tables and pages.",
        epilog=f"beside it:\n{beside}\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"sonolesion {__version__}")
    parser.add_argument("bids_dir", metavar="BIDS", help="the data set; never written to")
    parser.add_argument("output_dir", metavar="OUT", help="receives everything")
    parser.add_argument(
        "level",
        choices=["participant", "group"],
        help="participant: all steps, tables and pages; group: tables and pages of what is there",
    )
    for name, text in (
        ("--participant-label", "subjects to work on, with or without sub-"),
        ("--session-label", "sessions to work on, with or without ses-"),
        ("--modality", "modalities to work on: T1w, T2w, FLAIR, lesion"),
    ):
        parser.add_argument(name, nargs="+", default=[], metavar="LABEL", help=text)
    parser.add_argument("--config", metavar="FILE", help="your study.yaml")
    parser.add_argument("--interventions", metavar="FILE", help="table of interventions")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--profile", metavar="NAME", help="slurm, or a Snakemake profile of yours")
    parser.add_argument("--dry-run", "-n", action="store_true", help="say what would run, and stop")
    return parser


def _bids_app(given: list[str]) -> int:
    from sonolesion.core import runner

    options = _parser().parse_args(given)
    settings = _study(options)
    output = Path(settings["output_dir"])
    engine = runner.Engine(cores=options.cores, profile=options.profile or "")
    if options.dry_run:
        return engine.work(settings, output, dry_run=True)
    if options.level == "participant" and not engine.work_with_what_is_left(settings, output):
        return 2
    runner.require_study(output)
    sound = engine.finish(output)
    print(_closing_line(output, sound=sound))
    return 0 if sound else 1


def _study(options: argparse.Namespace) -> dict[str, Any]:
    """Return the study's configuration: the user's file under the command line's words."""
    from sonolesion.core import config
    from sonolesion.core.bids import require_label

    def labels(given: list[str], prefix: str, option: str) -> list[str]:
        bare = [label.removeprefix(prefix) for label in given]
        return [require_label(label, file=option, what="label") for label in bare]

    base = config.read(options.config) if options.config else {}
    ingest: dict[str, object] = {
        "participants": labels(options.participant_label, "sub-", "--participant-label"),
        "sessions": labels(options.session_label, "ses-", "--session-label"),
        "modalities": labels(options.modality, "", "--modality"),
    }
    if options.interventions:
        ingest["interventions"] = str(Path(options.interventions).resolve())
    over = {
        "bids_dir": str(Path(options.bids_dir).resolve()),
        "output_dir": str(Path(options.output_dir).resolve()),
        "ingest": {name: value for name, value in ingest.items() if value},
    }
    study = config.merged(base, over)
    config.parse(study, file=options.config or "command line")
    return study


def _closing_line(output: Path, *, sound: bool) -> str:
    word = "Finished" if sound else "Finished with failures (see the ledger)"
    return f"{word}. Report: {output / 'group.html'}"


@command("status", "OUT: what ran, is missing or failed, and why")
def _status(given: list[str]) -> int:
    from sonolesion.core import runner, status

    parser = argparse.ArgumentParser(prog="sonolesion status")
    parser.add_argument("output_dir", metavar="OUT")
    parser.add_argument("--all", action="store_true", help="also list the steps that ran")
    options = parser.parse_args(given)
    output = Path(options.output_dir).resolve()
    runner.require_study(output)
    rows, _ = runner.Engine().ledger(output)
    if status.is_running(output):
        print("A run is under way: the states of its steps are not final.")
    print(status.as_text(rows, everything=options.all))
    return 0 if status.is_sound(rows) else 1


@command("pages", "OUT: make ledger, tables and pages anew of what is there")
def _pages(given: list[str]) -> int:
    from sonolesion.core import runner

    parser = argparse.ArgumentParser(prog="sonolesion pages")
    parser.add_argument("output_dir", metavar="OUT")
    output = Path(parser.parse_args(given).output_dir).resolve()
    runner.require_study(output)
    sound = runner.Engine(cores=os.cpu_count() or 1).finish(output)
    print(_closing_line(output, sound=sound))
    return 0 if sound else 1


@command("phantom", "FOLDER: make the phantom study (FOLDER/bids and FOLDER/truth)")
def _phantom(given: list[str]) -> int:
    from sonolesion.core import config

    parser = argparse.ArgumentParser(prog="sonolesion phantom")
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("--config", metavar="FILE", help="study.yaml with a phantom section")
    options = parser.parse_args(given)
    content = config.read(options.config) if options.config else {}
    settings = config.parse(content, file=options.config or "defaults")
    from sonolesion.phantom import modalities, study

    study.make(settings.phantom, Path(options.folder), beside=modalities.asked_for(settings))
    print(f"Phantom study: {Path(options.folder) / 'bids'}")
    return 0


@command("agreement", "A_DIR B_DIR ...: compare raters' masks with each other and with ours")
def _agreement(given: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="sonolesion agreement")
    parser.add_argument("folders", nargs="*", type=Path, metavar="DIR", help="one a rater")
    parser.add_argument(
        "--table", type=Path, help="instead: rater, participant_id, session_id, mask"
    )
    parser.add_argument("--out", type=Path, default=Path("agreement"), help="receives the results")
    parser.add_argument("--tolerance", type=float, metavar="MM", help="of the surface Dice")
    parser.add_argument("--confidence", type=float, default=0.95, help="of the intervals")
    options = parser.parse_args(given)
    if bool(options.folders) == bool(options.table) or len(options.folders) == 1:
        parser.error("name two folders or more, or one table")
    from sonolesion.core import raters
    from sonolesion.core.settings.lesion import Lesion

    names = raters.names_of(options.folders)
    pairs = zip(options.folders, names, strict=True)
    outlines = [one for place, name in pairs for one in raters.from_folder(place, rater=name)]
    outlines += raters.from_table(options.table) if options.table else []
    tolerance_mm = options.tolerance or Lesion().measure.surface_tolerance_mm
    n_cases = _write_agreement(outlines, options.out, tolerance_mm, options.confidence)
    print(f"{n_cases} cases compared. Page: {options.out / 'agreement.html'}")
    return 0


def _write_agreement(
    outlines: Sequence[Outline], out: Path, tolerance_mm: float, confidence: float
) -> int:
    """Compare all raters, write tables and page; return the number of cases."""
    from sonolesion.core import raters, tables
    from sonolesion.lesion import agreement, agreement_page

    cases = raters.require_shared(raters.by_case(outlines))
    names = list(dict.fromkeys(one.rater for one in outlines))
    compared, volumes = [], {}
    for case, own in cases.items():
        found = _case_compared(case, {n: own[n] for n in names if n in own}, tolerance_mm)
        compared += found
        volumes[case] = agreement.volumes_of(found)
    rows: dict[str, list[dict[str, object]]] = {
        "pairs": agreement.pair_rows(compared),
        "summary": agreement.summary_rows(compared, confidence=confidence),
        "icc": list(agreement.icc_rows(volumes, names, confidence=confidence)),
    }
    columns = (agreement.PAIR_COLUMNS, agreement.SUMMARY_COLUMNS, agreement.ICC_COLUMNS)
    for (name, content), header in zip(rows.items(), columns, strict=True):
        tables.write_tsv(out / f"agreement_{name}.tsv", content, columns=header)
    alone = len(outlines) - sum(len(own) for own in cases.values())
    text = agreement_page.page(
        compared, rows, raters=names, n_cases=len(cases), alone=alone,
        tolerance_mm=tolerance_mm, confidence=confidence,
    )  # fmt: skip
    tables.write_text(text, out / "agreement.html")
    return len(cases)


def _case_compared(
    case: tuple[str, str, str], own: Mapping[str, Outline], tolerance_mm: float
) -> list[Compared]:
    """Read the masks of a case, which share a grid, and compare each pair of raters."""
    from itertools import combinations

    from sonolesion.core import images
    from sonolesion.lesion import agreement, correction
    from sonolesion.lesion.zones import HALF

    first = images.load(next(iter(own.values())).path)
    masks = {}
    for rater, outline in own.items():
        data = images.load(outline.path, like=first).data
        drawn = correction.zones_of(data, file=str(outline.path)) if outline.has_labels else None
        masks[rater] = data > HALF if drawn is None else drawn.mask
    return [
        agreement.compare(
            case, (a, b), (masks[a], masks[b]), first.voxel_mm, tolerance_mm=tolerance_mm
        )
        for a, b in combinations(masks, 2)
    ]


if __name__ == "__main__":
    sys.exit(main())
