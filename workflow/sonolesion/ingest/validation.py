"""What the BIDS validator found, as the pages show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any


def summary(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return counts by severity and the errors themselves.

    Parameters
    ----------
    report : mapping
        JSON report of bids-validator-deno.

    Returns
    -------
    dict
        ``errors`` and ``warnings`` (counts), ``issues`` (every error, and one line for each
        kind of warning with its count).
    """
    found = report["issues"]["issues"]
    errors = [_line(issue) for issue in found if issue["severity"] == "error"]
    warned = [issue for issue in found if issue["severity"] == "warning"]
    kinds = Counter((issue["code"], issue.get("subCode", "")) for issue in warned)
    warnings = [
        {
            "code": code,
            "severity": "warning",
            "location": "",
            "message": f"{detail} ({n} times)".strip(),
        }
        for (code, detail), n in sorted(kinds.items())
    ]
    return {"errors": len(errors), "warnings": len(warned), "issues": errors + warnings}


def _line(issue: Mapping[str, Any]) -> dict[str, str]:
    detail = issue.get("issueMessage") or issue.get("subCode") or issue.get("rule", "")
    return {
        "code": issue["code"],
        "severity": "error",
        "location": issue.get("location", ""),
        "message": " ".join(str(detail).split()),
    }
