"""Bind a rule to its script's ``main()``: names, log, error record, provenance."""

from __future__ import annotations

import inspect
import json
import logging
import os
import platform
import resource
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from sonolesion import __version__
from sonolesion.core.errors import SonolesionError
from sonolesion.core.tables import write_text

# Params that steer reruns and are no business of main().
BOOKKEEPING = frozenset({"code", "scan"})
PACKAGES = ("dipy", "nibabel", "numpy", "picsl-greedy", "scipy", "SimpleITK", "snakemake")


def run(main: Callable[..., None], snakemake: Any) -> None:
    """Call `main` with the rule's named inputs, outputs and params.

    Writes the log, ``<log>.error.json`` while the step has not succeeded (so that even a
    killed job leaves word), and ``<log>.json`` with what ran, on what, for how long.
    """
    arguments = _arguments(main, snakemake)
    log = Path(str(snakemake.log[0]))
    log.parent.mkdir(parents=True, exist_ok=True)
    _record(log, _killed(snakemake), snakemake)
    logger = _logger(log)
    logger.info("%s %s", snakemake.rule, json.dumps(dict(snakemake.wildcards.items())))
    start_s = time.monotonic()
    try:
        with _one_thread_of_algebra():
            main(**arguments)
    except BaseException as fault:
        logger.error("".join(traceback.format_exception(fault)))
        _record(log, _described(fault), snakemake)
        _keep(log, [str(path) for path in snakemake.output])
        print(f"{snakemake.rule}: {fault}", file=sys.stderr)
        raise SystemExit(1) from None
    _error_file(log).unlink(missing_ok=True)
    for _, kept in _gate_files(log, [str(path) for path in snakemake.output]):
        kept.unlink(missing_ok=True)
    _write_provenance(log, snakemake, time.monotonic() - start_s)


@contextmanager
def _one_thread_of_algebra() -> Iterator[None]:
    """Hold the linear algebra to one thread, whatever threads the rule has.

    Snakemake gives it as many as the rule; a step that starts threads of its own would then have
    them squared, and sums would round by their number.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # for what is imported later
    with threadpool_limits(limits=1, user_api="blas"):
        yield


def _logger(log: Path) -> logging.Logger:
    """Return a logger that writes to the step's log alone."""
    logger = logging.getLogger(f"sonolesion.{log.stem}")
    logger.setLevel(logging.INFO)
    handler = logging.FileHandler(log, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger.addHandler(handler)
    return logger


def _arguments(main: Callable[..., None], snakemake: Any) -> dict[str, Any]:
    """Return the keyword arguments of `main`; the rule and `main` must agree on every name."""
    params = {name: v for name, v in snakemake.params.items() if name not in BOOKKEEPING}
    given: dict[str, Any] = {}
    for part in (snakemake.input, snakemake.output, params):
        given |= {name: _plain(value) for name, value in part.items()}
    wanted = set(inspect.signature(main).parameters)
    if "threads" in wanted:
        given["threads"] = snakemake.threads
    if set(given) != wanted:
        raise TypeError(
            f"rule {snakemake.rule} and main() disagree: only in the rule "
            f"{sorted(set(given) - wanted)}, only in main() {sorted(wanted - set(given))}"
        )
    return given


def _plain(value: Any) -> Any:
    """Turn Snakemake's lists of files into plain lists, one file into plain text."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _described(fault: BaseException) -> dict[str, str]:
    if isinstance(fault, SonolesionError):
        return fault.as_dict()
    return {
        "kind": type(fault).__name__,
        "file": "",
        "found": str(fault) or type(fault).__name__,
        "expected": "the step to finish",
        "remedy": "see the log; if the data are sound, report it with the log",
    }


def _killed(snakemake: Any) -> dict[str, str]:
    return {
        "kind": "Killed",
        "file": "",
        "found": "the job ended without a word",
        "expected": "the step to finish",
        "remedy": f"it was probably killed: it asked for {snakemake.resources.get('mem_mb', '?')} "
        "MB; give it more memory or time and run again",
    }


def _record(log: Path, fault: dict[str, str], snakemake: Any) -> None:
    identity = {name: str(snakemake.params.get(name, "")) for name in sorted(BOOKKEEPING)}
    params = {name: _plain(value) for name, value in snakemake.params.items()}
    content = fault | {"log": str(log), "rule": snakemake.rule, "params": params} | identity
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    write_text(text + "\n", _error_file(log))


def _error_file(log: Path) -> Path:
    return log.with_suffix(".error.json")


def _keep(log: Path, outputs: list[str]) -> None:
    """Copy what Snakemake deletes of a failed attempt: its log, and what its gate saw."""
    attempts = len(list(log.parent.glob(f"{log.stem}.attempt-*.log")))
    shutil.copyfile(log, log.with_name(f"{log.stem}.attempt-{attempts + 1}.log"))
    for output, kept in _gate_files(log, outputs):
        if output.exists() and output.suffix == ".json":
            text = output.read_text(encoding="utf-8")
            write_text(text.replace(str(output.parent), str(log.parent)), kept)
        elif output.exists():
            shutil.copyfile(output, kept)


def _gate_files(log: Path, outputs: list[str]) -> list[tuple[Path, Path]]:
    """Return a step's quality files, each with its place beside the log if the step fails."""
    quality = [Path(output) for output in outputs if "_qc." in Path(output).name]
    return [(output, log.parent / output.name) for output in quality]


def _write_provenance(log: Path, snakemake: Any, duration_s: float) -> None:
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    content = {
        "rule": snakemake.rule,
        "wildcards": dict(snakemake.wildcards.items()),
        "inputs": [str(path) for path in snakemake.input],
        "outputs": [str(path) for path in snakemake.output],
        "params": {name: _plain(value) for name, value in snakemake.params.items()},
        "duration_s": round(duration_s, 2),
        "peak_memory_mb": round(peak_mb),
        "threads": snakemake.threads,
        "versions": _versions(),
        "cpus": os.cpu_count(),
    }
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    write_text(text + "\n", log.with_suffix(".json"))


def _versions() -> dict[str, str]:
    versions = {"sonolesion": __version__, "python": platform.python_version()}
    return versions | {name: metadata.version(name) for name in PACKAGES}
