from __future__ import annotations

from sonolesion.ingest.validation import summary


def issue(severity: str, code: str, sub: str = "", **more: str) -> dict[str, str]:
    return {"severity": severity, "code": code, "subCode": sub, **more}


def report(*issues: dict[str, str]) -> dict[str, object]:
    return {"issues": {"issues": list(issues)}}


def test_clean_data_set() -> None:
    assert summary(report()) == {"errors": 0, "warnings": 0, "issues": []}


def test_every_error_is_kept_with_its_place() -> None:
    found = summary(report(issue("error", "BAD", location="/sub-1", issueMessage="a\n b")))
    assert found["errors"] == 1
    assert found["issues"] == [
        {"code": "BAD", "severity": "error", "location": "/sub-1", "message": "a b"}
    ]


def test_warnings_of_one_kind_are_one_line_with_their_number() -> None:
    many = [issue("warning", "KEY", name) for name in "aabcdef"]
    found = summary(report(*many, issue("warning", "README")))
    assert found["warnings"] == 8
    assert [line["message"] for line in found["issues"]] == [
        "7 times: a, b, c, d and 2 more",
        "1 time",
    ]
