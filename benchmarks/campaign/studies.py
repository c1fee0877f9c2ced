"""Make the studies, run the pipeline on them, and keep what is done.

A study is one patient under one condition: ``FOLDER/<condition>/<patient>`` with ``bids``,
``truth`` (of its own, or its parent's), ``out`` and ``done.json``. A study that takes over its
parent's anatomy starts from the parent's output folder, hard-linked, with Snakemake's own
records: the workflow itself then finds what has changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from campaign import conditions, plans
from campaign.conditions import Condition, Preset
from sonolesion.core.runner import PACKAGE, pipeline_folder
from sonolesion.core.settings.phantom_patient import Patient
from sonolesion.core.tables import write_text

CODE = ("workflow/sonolesion", "rules", "scripts", "Snakefile", "config/config.yaml")
# Transforms between templates, and Snakemake's records of them, named by the path in base 64.
TEMPLATES, RECORDS = "templates", ".snakemake/metadata"
TEMPLATES_RECORDED = b64encode(TEMPLATES.encode()).decode()
# One core, in every library that would take more.
ONE_CORE = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
    ),
    "1",
)


@dataclass(frozen=True)
class Study:
    """One patient under one condition."""

    folder: Path
    condition: Condition
    patient: Patient
    parent: Path | None

    @property
    def truth(self) -> Path:
        """Folder of its truth."""
        own = self.folder / "truth"
        return own if self.condition.scans_anew or self.parent is None else self.parent / "truth"

    @property
    def done(self) -> dict[str, Any]:
        """What the last finished run left; empty if there was none."""
        file = self.folder / "done.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def slug(name: str) -> str:
    """Return a folder name."""
    return "".join(c if c.isalnum() or c in ".+-" else "-" for c in name)


def listed(
    work: Path, every: Sequence[Condition], wanted: Sequence[str], everyone: list[Patient]
) -> list[Study]:
    """Return the studies of some conditions, and the parents they need, parents first."""
    found: dict[Path, Study] = {}
    by_name = {condition.name: condition for condition in every}
    for condition in [by_name[name] for name in wanted]:
        for patient in conditions.chosen(condition, everyone):
            chain = [condition]
            while chain[0].parent:
                chain.insert(0, by_name[chain[0].parent])
            parent: Path | None = None
            for part in chain:
                folder = work / slug(part.name) / patient.label
                found.setdefault(folder, Study(folder, part, patient, parent))
                parent = folder
    parents = {study.parent for study in found.values()}
    return sorted(found.values(), key=lambda study: study.folder not in parents)


def digest(paths: Iterable[Path]) -> str:
    """Return a hash of the content of source files, by name."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()[:12]


def pipeline_digest() -> str:
    """Return a hash of everything that the pipeline computes with."""
    top = pipeline_folder()
    files: list[Path] = []
    for name in CODE:
        path = PACKAGE if name == "workflow/sonolesion" else top / name
        files += [path] if path.is_file() else [*path.rglob("*.py"), *path.rglob("*.smk")]
    return digest(files)


def phantom_digest(study: dict[str, Any]) -> str:
    """Return a hash of a phantom study's settings and of the code that makes it."""
    text = json.dumps(study["phantom"], sort_keys=True)
    code = digest((PACKAGE / "phantom").rglob("*.py"))
    return hashlib.sha256((text + code).encode()).hexdigest()[:12]


def run_all(studies: Sequence[Study], *, preset: Preset, cores: int) -> None:
    """Run the studies, as many at a time as there are cores, parents before children."""
    code = pipeline_digest()
    parents = {study.parent for study in studies}
    first = [study for study in studies if study.folder in parents]
    rest = [study for study in studies if study.folder not in parents]
    for batch in (first, rest):
        with ThreadPoolExecutor(cores) as pool:
            for line in pool.map(lambda study: run(study, preset=preset, code=code), batch):
                print(line, flush=True)


def run(study: Study, *, preset: Preset, code: str) -> str:
    """Make and run one study if that is not done; return a line that says so."""
    name = f"{study.condition.name} / {study.patient.label}"
    scans = make_scans(study, preset)
    state = {"code": code, "scans": scans}
    sound = {**state, "exit_code": 0}
    old = study.done
    if {key: old.get(key) for key in sound} == sound:
        return f"{name}: there already"
    clone(study)
    start_s = time.monotonic()
    exit_code = run_pipeline(study)
    seconds = round(time.monotonic() - start_s, 1)
    done = {**state, "exit_code": exit_code, "seconds": seconds}
    write_text(json.dumps(done) + "\n", study.folder / "done.json")
    return f"{name}: {seconds:.0f} s, exit code {exit_code}"


def make_scans(study: Study, preset: Preset) -> str:
    """Make or link the raw data of a study; return a hash of what they are made from."""
    condition, folder = study.condition, study.folder
    if study.parent is not None and not condition.scans_anew:
        parent = (study.parent / "made.txt").read_text(encoding="utf-8")
        wanted = f"{parent} {condition.only} {condition.plans} {condition.visits}"
        if not is_made(folder, wanted):
            link_scans(study.parent / "bids", folder / "bids", condition)
            shutil.copyfile(study.parent / "study.yaml", folder / "study.yaml")
            write_text(wanted, folder / "made.txt")
        return wanted
    phantom = conditions.settings(condition, study.patient, preset.phantom)
    content = conditions.study_file(phantom, preset.settings)
    wanted = phantom_digest(content)
    if not is_made(folder, wanted):
        for part in ("bids", "truth"):
            shutil.rmtree(folder / part, ignore_errors=True)
        write_text(yaml.safe_dump(content), folder / "study.yaml")
        call(["phantom", str(folder)], folder / "study.yaml", folder / "phantom.log", check=True)
        write_text(wanted, folder / "made.txt")
    return wanted


def is_made(folder: Path, wanted: str) -> bool:
    """Return whether the raw data are there and made from what is wanted."""
    file = folder / "made.txt"
    return file.exists() and file.read_text(encoding="utf-8") == wanted


def link_scans(source: Path, target: Path, condition: Condition) -> None:
    """Hard-link the visits and contrasts of a condition, and write its tables."""
    shutil.rmtree(target, ignore_errors=True)
    for path in sorted(source.rglob("*")):
        part = path.relative_to(source)
        visit = next((p.removeprefix("ses-") for p in part.parts if p.startswith("ses-")), "")
        suffix = path.name.split(".")[0].rpartition("_")[2]
        other = visit and (
            visit not in condition.visits or (condition.only and suffix not in condition.only)
        )
        if path.is_dir() or other:
            continue
        place(path, target / part)
    subject = next(source.glob("sub-*")).name
    sessions = target / subject / f"{subject}_sessions.tsv"
    lines = sessions.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines[1:] if line.split("\t")[0][4:] in condition.visits]
    write_text("\n".join([lines[0], *kept]) + "\n", sessions)
    table = Path("phenotype", "interventions.tsv")
    plans.write(source / table, target / table, condition.plans)


def place(source: Path, target: Path) -> None:
    """Hard-link an image, copy what is small: only images are never rewritten in place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.name.endswith(".nii.gz"):
        os.link(source, target)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def clone(study: Study) -> None:
    """Start from the parent's outputs, if the study has no output folder yet."""
    out = study.folder / "out"
    if study.parent is None:
        shutil.rmtree(out / ".snakemake" / "locks", ignore_errors=True)
        if not out.exists():
            borrow_templates(study)
        return
    # A killed clone is not to be mistaken for a whole one.
    partial = study.folder / "out.partial"
    for folder in (partial, out):
        shutil.rmtree(folder, ignore_errors=True)
    source = study.parent / "out"
    for path in source.rglob("*"):
        part = path.relative_to(source)
        if path.is_dir() or part.parts[0] in {"sourcedata", "logs"} or "locks" in part.parts:
            continue
        place(path, partial / part)
    partial.rename(out)


def borrow_templates(study: Study) -> None:
    """Take what does not depend on a patient from a study that is done, with its records."""
    done = sorted(study.folder.parents[1].glob("*/*/done.json"))
    source = next((file.parent / "out" for file in done), None)
    if source is None:
        return
    for path in [*source.glob(f"{TEMPLATES}/*"), *source.glob(f"{RECORDS}/{TEMPLATES_RECORDED}*")]:
        place(path, study.folder / "out" / path.relative_to(source))


def run_pipeline(study: Study) -> int:
    """Run the command line on the study; return its exit code."""
    folder = study.folder
    arguments = [str(folder / "bids"), str(folder / "out"), "participant", "--cores", "1"]
    return call(arguments, folder / "study.yaml", folder / "pipeline.log")


def call(arguments: list[str], config: Path, log: Path, *, check: bool = False) -> int:
    """Run `sonolesion`; its words go to a log."""
    command = [sys.executable, "-m", "sonolesion.cli", *arguments, "--config", str(config)]
    with log.open("wb") as words:
        done = subprocess.run(
            command, stdout=words, stderr=words, env={**os.environ, **ONE_CORE}, check=False
        )
    if check and done.returncode:
        raise SystemExit(
            f"sonolesion {' '.join(arguments)}: exit code {done.returncode}, see {log}"
        )
    return done.returncode
