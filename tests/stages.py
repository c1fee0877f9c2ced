"""The stages, whose names run through folders, rules, scripts, settings, logs and docs."""

from __future__ import annotations

STAGES = {
    "ingest",
    "anatomy",
    "lesion",
    "measures",
    "report",
    "phantom",
    "diffusion",
    "susceptibility",
    "functional",
    "atlases",
    "tracts",
    "perfusion",
}
