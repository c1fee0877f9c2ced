"""Errors that tell the user the file, what was found, what was expected and the remedy."""

from __future__ import annotations


class SonolesionError(Exception):
    """Base of every error the user can mend.

    Parameters
    ----------
    file : str
        File, table cell or config key at fault.
    found, expected, remedy : str
        What is there, what should be there, and what the user can do.
    """

    def __init__(self, *, file: object, found: str, expected: str, remedy: str) -> None:
        self.file, self.found, self.expected, self.remedy = str(file), found, expected, remedy
        super().__init__(f"{file}: found {found}; expected {expected}. Remedy: {remedy}")

    def as_dict(self) -> dict[str, str]:
        """Return the parts of the message, for the ledger."""
        return {
            "kind": type(self).__name__,
            "file": self.file,
            "found": self.found,
            "expected": self.expected,
            "remedy": self.remedy,
        }


class ConfigError(SonolesionError):
    """The configuration names an unknown key or an impossible value."""


class InputFault(SonolesionError):
    """A scan or a table of the data set can't be used as it is."""


class GateFailure(SonolesionError):
    """A result was judged unusable by its own quality number."""
