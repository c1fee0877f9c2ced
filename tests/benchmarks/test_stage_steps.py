"""What benchmarks read from the records of steps."""

from __future__ import annotations

import json
import os
from pathlib import Path

from campaign import stage_steps


def record(out: Path, rule: str, end_s: float, duration_s: float) -> None:
    """Write the record of a finished step."""
    stage, _, step = rule.partition("_")
    path = out / "logs" / stage / step / "01.json"
    path.parent.mkdir(parents=True)
    told = {
        "rule": rule, "duration_s": duration_s, "peak_memory_mb": 700, "outputs": [f"{step}.nii.gz"]
    }  # fmt: skip
    path.write_text(json.dumps(told))
    os.utime(path, (end_s, end_s))


def test_time_on_the_wall_is_no_sum(tmp_path: Path) -> None:
    record(tmp_path, "tracts_track", 1100.0, 60.0)
    record(tmp_path, "diffusion_preproc", 1000.0, 50.0)
    record(tmp_path, "diffusion_adc", 960.0, 20.0)
    record(tmp_path, "lesion_detect", 5000.0, 20.0)
    (tmp_path / "logs/diffusion/adc/01.error.json").write_text('{"rule": "diffusion_adc"}')
    done = stage_steps.steps(tmp_path, ("diffusion", "tracts"))
    assert [step.rule for step in done] == ["diffusion_adc", "diffusion_preproc", "tracts_track"]
    assert done[0].outputs == ("adc.nii.gz",)
    lines = stage_steps.table(done, peak_mb=1234.0, limit_s=360.0, limit_mb=4096.0)
    assert lines[0] == ["diffusion_adc", "20.0", "700"]
    assert lines[-3:] == [
        ["sum of the steps", "130.0", ""],
        ["first start to last end", "160.0", "1234"],
        ["limit", "360", "4096"],
    ]
