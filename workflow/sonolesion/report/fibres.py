"""Diffusion tensor and bundles on the page: what the lesion cut first, then how it was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sonolesion.report import along_bundles, cuts, diffusion_scans, fibre_maps, panels
from sonolesion.report.along_bundles import Along
from sonolesion.report.cuts import Cuts
from sonolesion.report.diffusion_scans import Picture, Scan, Session
from sonolesion.report.records import File, Intervention, LedgerRow, Reader, Visit, find


@dataclass(frozen=True)
class Size:
    """How large pictures are, how well they are kept, and which way round."""

    wide_px: int
    check_px: int
    quality: int
    radiological: bool


@dataclass(frozen=True)
class Cut:
    """What one treatment cut, with pictures: bundles, map, connectome; the first visit leads."""

    found: Cuts
    views: tuple[Picture, ...]
    maps: tuple[Picture, ...]
    connectomes: tuple[Picture, ...]
    normative: tuple[Picture, ...]


@dataclass(frozen=True)
class Fibres:
    """Everything the page says of diffusion tensors and bundles."""

    scans: tuple[Scan, ...]
    cuts: tuple[Cut, ...]
    bundles: str
    connectome: str
    along: Along
    sessions: tuple[Session, ...]
    colours: tuple[str, ...]

    @property
    def there(self) -> bool:
        """Return whether there is anything to show but that there is nothing."""
        return bool(self.sessions or self.bundles or any(cut.found.there for cut in self.cuts))


def collect(
    files: Sequence[File],
    reader: Reader,
    measures: Iterable[Mapping[str, str]],
    ledger: Sequence[LedgerRow],
    visits: Sequence[Visit],
    treatments: Sequence[Intervention],
    *,
    size: Size,
) -> Fibres:
    """Read what the steps left."""
    rows = [row for row in measures if row["modality"] == "dwi"]
    check = {"width": size.check_px, "quality": size.quality}
    sessions = [diffusion_scans.session(files, reader, rows, visit, check) for visit in visits]
    found = [cuts.collect(files, reader, rows, ledger, visits, item) for item in treatments]
    return Fibres(
        scans=tuple(diffusion_scans.overview(files, reader, ledger, visits)),
        cuts=tuple(_pictured(files, reader, one, size) for one in found),
        bundles=_shrunk(files, reader, size, "tractogram", ses="", desc="bundles"),
        connectome=_shrunk(files, reader, size, "relmat", ses="", desc="connectome"),
        along=along_bundles.collect(files, reader, visits, treatments),
        sessions=tuple(one for one in sessions if one is not None),
        colours=tuple(fibre_maps.scale()),
    )


def _shrunk(
    files: Sequence[File], reader: Reader, size: Size, suffix: str, **wanted: str
) -> str:  # fmt: skip
    file = find(files, suffix, ".png", **wanted)
    if file is None:
        return ""
    return panels.shrink(reader.content(file.path), width=size.wide_px, quality=size.quality)


def _pictured(files: Sequence[File], reader: Reader, found: Cuts, size: Size) -> Cut:
    """Take the pictures of the visits at which a lesion was seen."""
    item = found.intervention.id
    views: list[Picture] = []
    connectomes: list[Picture] = []
    normative: list[Picture] = []
    maps: list[Picture] = []
    for session, _, _ in found.visits:
        if not _visible(files, reader, item, session):
            continue
        for kept, suffix, desc in (
            (views, "dwimap", f"{item}disconnection"),
            (connectomes, "relmat", f"{item}disconnectome"),
            (normative, "relmat", f"{item}normative"),
        ):
            uri = _shrunk(files, reader, size, suffix, ses=session, desc=desc)
            if uri:
                kept.append(Picture(f"ses-{session}", uri))
        drawn = _map(files, reader, item, session, size)
        if drawn is not None:
            maps.append(drawn)
    return Cut(found, tuple(views), tuple(maps), tuple(connectomes), tuple(normative))


def _visible(files: Sequence[File], reader: Reader, item: str, session: str) -> bool:
    desc = f"{item}disconnection"
    file = find(files, "dwimap", ".json", ses=session, desc=desc, space="acpc")
    return file is not None and reader.json(file.path).get("outcome") == "measured"


def _map(
    files: Sequence[File], reader: Reader, item: str, session: str, size: Size
) -> Picture | None:
    """Draw the map of the whole brain's streamlines, or else of the bundles'."""
    at = {"ses": session, "space": "acpc"}
    shares = [
        find(files, "dwimap", ".nii.gz", desc=f"{item}{kind}", **at)
        for kind in ("disconnectome", "disconnection")
    ]
    share = next((file for file in shares if file is not None), None)
    lesion = find(files, "probseg", ".nii.gz", label="lesion", desc=item, **at)
    t1w = find(files, "T1w", ".nii.gz", ses="", space="acpc", desc="preproc")
    brain = find(files, "mask", ".nii.gz", ses="", space="acpc", desc="brain")
    if share is None or lesion is None or t1w is None or brain is None:
        return None
    read = [reader.volume(file.path) for file in (share, t1w, brain, lesion)]
    drawn = fibre_maps.mosaic(*read, radiological=size.radiological)
    if drawn is None:
        return None
    whose = "of the whole brain" if "disconnectome" in share.path else "of the bundles alone"
    title = f"ses-{session}, streamlines {whose}"
    return Picture(title, panels.embed(drawn, quality=size.quality))
