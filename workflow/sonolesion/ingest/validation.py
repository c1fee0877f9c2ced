"""What the BIDS validator found, as the pages show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

MAX_NAMED = 4


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
    details: dict[str, list[str]] = {}
    for issue in warned:
        details.setdefault(issue["code"], []).append(issue.get("subCode", ""))
    warnings = [
        {"code": code, "severity": "warning", "location": "", "message": _counted(named)}
        for code, named in sorted(details.items())
    ]
    return {"errors": len(errors), "warnings": len(warned), "issues": errors + warnings}


def _counted(details: list[str]) -> str:
    """Return how often a warning was given, and of what, the most frequent first."""
    kinds = Counter(detail for detail in details if detail).most_common()
    named = ", ".join(kind for kind, _ in kinds[:MAX_NAMED])
    more = f" and {len(kinds) - MAX_NAMED} more" if len(kinds) > MAX_NAMED else ""
    times = f"{len(details)} time" + ("" if len(details) == 1 else "s")
    return f"{times}: {named}{more}" if named else times


def _line(issue: Mapping[str, Any]) -> dict[str, str]:
    detail = issue.get("issueMessage") or issue.get("subCode") or issue.get("rule", "")
    return {
        "code": issue["code"],
        "severity": "error",
        "location": issue.get("location", ""),
        "message": " ".join(str(detail).split()),
    }
