"""Realign an ASL series, subtract labels from controls, and bring M0 to full relaxation."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.perfusion import preparation

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]


def main(
    native: str, m0_scan: list[str], deltam: str, m0: str, aslref: str, sidecar: str,
    confounds: str, *, told: Settings, motion: Settings,
) -> None:  # fmt: skip
    """Read, realign, subtract, write."""
    images.require_whole(native)
    raw = images.load(native)
    data = np.atleast_3d(raw.data)[..., None] if raw.data.ndim < 4 else raw.data
    images.require_contrast(native, np.nan_to_num(data))
    own = images.load(m0_scan[0], like=raw).data if m0_scan else None
    if own is not None and own.ndim < 4:
        own = own[..., None]
    done = preparation.prepared(data, own, raw.affine, told=told, motion=motion)
    images.save(deltam, done.differences, raw.affine)
    images.save(m0, done.m0, raw.affine)
    images.save(aslref, done.reference, raw.affine)
    roles = {name: told[name] for name in preparation.ROLES}
    images.write_json(sidecar, roles | done.told)
    write_tsv(confounds, done.confounds, columns=preparation.COLUMNS)


if __name__ == "__main__":
    run(main, snakemake)
