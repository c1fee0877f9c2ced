"""The harness that binds a rule to its script."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from sonolesion.core.errors import GateFailure
from sonolesion.core.run import run


class Named(dict[str, Any]):
    """Named files as Snakemake gives them: iterating yields the files."""

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values())


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    monkeypatch.chdir(tmp_path)
    logger = logging.getLogger("sonolesion.1")
    yield SimpleNamespace(
        rule="anatomy_t1w",
        input=Named(scan="a.nii.gz"),
        output=Named(qc="out/b_qc.json"),
        params=Named(limit=3, code="c0de", scan="f00d"),
        log=["logs/anatomy/t1w/1.log"],
        wildcards=Named(subject="1"),
        threads=1,
        resources={"mem_mb": 500},
    )
    for handler in list(logger.handlers):
        handler.close()
        logger.removeHandler(handler)


def error_of(job: SimpleNamespace) -> dict[str, Any]:
    return json.loads(Path(job.log[0]).with_suffix(".error.json").read_text())


def test_main_gets_the_names_of_the_rule(job: SimpleNamespace) -> None:
    seen: dict[str, Any] = {}

    def main(scan: str, qc: str, *, limit: int) -> None:
        seen.update(scan=scan, qc=qc, limit=limit)
        assert error_of(job)["kind"] == "Killed"

    run(main, job)
    assert seen == {"scan": "a.nii.gz", "qc": "out/b_qc.json", "limit": 3}
    log = Path(job.log[0])
    assert not log.with_suffix(".error.json").exists()
    provenance = json.loads(log.with_suffix(".json").read_text())
    assert provenance["params"] == {"limit": 3, "code": "c0de", "scan": "f00d"}
    assert provenance["peak_memory_mb"] > 0


def test_disagreement_of_names_is_told(job: SimpleNamespace) -> None:
    def main(scan: str, qc: str, *, bound: int) -> None:
        raise AssertionError((scan, qc, bound))

    with pytest.raises(TypeError, match=r"only in the rule \['limit'\].*main\(\) \['bound'\]"):
        run(main, job)


def test_failed_gate_leaves_reason_log_and_picture_numbers(
    job: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    def main(scan: str, qc: str, *, limit: int) -> None:
        Path(qc).parent.mkdir()
        Path(qc).write_text('{"picture": "out/b_qc.png"}')
        raise GateFailure(file=scan, found="0.2", expected=f">= {limit}", remedy="look")

    with pytest.raises(SystemExit):
        run(main, job)
    fault = error_of(job)
    assert (fault["kind"], fault["found"], fault["remedy"]) == ("GateFailure", "0.2", "look")
    assert (fault["code"], fault["scan"]) == ("c0de", "f00d")
    folder = Path(job.log[0]).parent
    assert json.loads((folder / "b_qc.json").read_text()) == {"picture": f"{folder}/b_qc.png"}
    assert (folder / "1.attempt-1.log").exists()
    assert "Remedy: look" in capsys.readouterr().err


def test_crash_is_recorded_with_its_message(job: SimpleNamespace) -> None:
    def main(scan: str, qc: str, *, limit: int) -> None:
        raise ZeroDivisionError(f"{scan}{qc}{limit}")

    with pytest.raises(SystemExit):
        run(main, job)
    assert error_of(job)["kind"] == "ZeroDivisionError"


def test_linear_algebra_takes_one_thread_whatever_the_rule(
    job: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    seen: list[int] = []

    def main(scan: str, qc: str, *, limit: int) -> None:
        assert (scan, qc, limit) == ("a.nii.gz", "out/b_qc.json", 3)
        blas = (pool for pool in threadpool_info() if pool["user_api"] == "blas")
        seen.extend(pool["num_threads"] for pool in blas)
        seen.append(int(os.environ["OPENBLAS_NUM_THREADS"]))

    with threadpool_limits(limits=2, user_api="blas"):
        assert 2 in {pool["num_threads"] for pool in threadpool_info()}
        run(main, job)
    assert len(seen) > 1
    assert set(seen) == {1}
