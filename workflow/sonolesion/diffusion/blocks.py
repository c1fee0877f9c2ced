"""Work on many voxels in blocks, several at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

# Working arrays of 65 volumes of a block take 8 MB, which a processor's cache holds.
BLOCK = 8192


def over_blocks(work: Callable[[slice], None], n_voxels: int, *, threads: int) -> None:
    """Call `work` for consecutive blocks that cover all voxels.

    Parameters
    ----------
    work : callable
        Takes the slice of a block. What it raises is raised here.
    n_voxels : int
        Number of voxels.
    threads : int
        Blocks at once; numpy lets go of the interpreter for work of this size.
    """
    blocks = [slice(start, start + BLOCK) for start in range(0, n_voxels, BLOCK)]
    if threads == 1:
        for block in blocks:
            work(block)
        return
    with ThreadPoolExecutor(threads) as pool:
        for running in [pool.submit(work, block) for block in blocks]:
            running.result()
