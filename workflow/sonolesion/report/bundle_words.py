"""Names of bundles, regions and visits of a tractogram in the words of the field."""

from __future__ import annotations

BUNDLES = {
    "spinothalamic_lemniscal": "Spinothalamic tract and medial lemniscus",
    "thalamus_acc": "Thalamus – anterior cingulate",
    "thalamus_pfc": "Thalamus – prefrontal",
    "thalamus_insula": "Thalamus – insula",
    "thalamus_s1": "Thalamus – primary somatosensory",
    "cerebellothalamic": "Cerebellothalamic, crossed",
    "cerebellothalamic_uncrossed": "Cerebellothalamic, uncrossed",
    "corticospinal": "Corticospinal",
}
REGIONS = {
    "s1": "postcentral gyrus",
    "precentral": "precentral gyrus",
    "acc": "anterior cingulate",
    "pfc": "prefrontal cortex",
    "pons_basis": "basis of the pons",
    "pons_tegmentum": "tegmentum of the pons",
    "superior_peduncle": "superior cerebellar peduncle",
}
OTHER = "other:"


def bundle(name: str) -> str:
    """Return a bundle's name as a reader knows it.

    Examples
    --------
    >>> bundle("thalamus_s1"), bundle("my_own_tract")
    ('Thalamus – primary somatosensory', 'my own tract')
    """
    return BUNDLES.get(name, name.replace("_", " "))


def region(name: str) -> str:
    """Return a waypoint's name; "other:" is the other side's."""
    plain = name.removeprefix(OTHER)
    told = REGIONS.get(plain, plain.replace("_", " "))
    return f"{told} of the other side" if name.startswith(OTHER) else told
