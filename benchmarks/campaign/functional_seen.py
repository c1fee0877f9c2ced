"""A resting-state run of the phantom that was made and prepared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from sonolesion.core.settings.phantom_bold import PhantomBold
from sonolesion.functional.preparation import Prepared
from sonolesion.phantom.bold_study import Scanned

Array = NDArray[Any]


@dataclass(frozen=True)
class Seen:
    """A run that was made and prepared, and where tissue truly lies on its grid."""

    made: Scanned
    bold: PhantomBold
    done: Prepared
    tissue: dict[str, Array]

    @property
    def n_first(self) -> int:
        """Volumes that were discarded."""
        return int(self.bold.scan.n_volumes - self.done.data.shape[3])
