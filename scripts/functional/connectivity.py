"""Matrices of parcels and spheres, maps of seeds and of lags of a resting-state run."""

import csv
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import atlas_labels, bids, images
from sonolesion.core.errors import InputFault
from sonolesion.core.run import run
from sonolesion.core.tables import read_tsv, write_tsv
from sonolesion.functional import connectivity as kernels
from sonolesion.functional import edges, joint_model, local_maps, network_maps, nodes, pictures
from sonolesion.functional.noise_model import columns_of
from sonolesion.functional.seeds import parse
from sonolesion.maths import atlas_files, parcels
from sonolesion.maths.region_measures import COLUMNS

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]
TABLES = {"power": "power_2011.csv", "dosenbach": "dosenbach_2010.csv"}


def _warps(paths: list[str]) -> list[Any]:
    return [(field.data, field.affine) for field in map(images.load_warp, paths)]


def _atlas(
    row: Settings, place: nodes.Place, warps: list[Any], mask: str, settings: Settings
) -> nodes.Nodes:
    """Lay the parcels of an atlas over the scan."""
    names = atlas_labels.read_labels(row["labels"])
    found = parcels.chosen(names, left_out=settings["left_out"])
    read = images.load(row["file"], dtype=np.int32 if row["coding"] == "labels" else np.uint8)
    head = images.load(mask)
    return nodes.of_atlas(
        bids.label_of(row["name"]), found, atlas_files.Opened(row, read.data, read.affine), place,
        warps=warps, brain=(head.data > 0, head.affine), min_share=settings["region_share"],
    )  # fmt: skip


def _coordinates(name: str) -> list[dict[str, str]]:
    """Read a table of nilearn; the package itself takes seconds to import."""
    package = find_spec("nilearn")
    if package is None or package.origin is None:
        raise InputFault(
            file="nilearn", found="no package", expected="that of requirements.lock",
            remedy="install it",
        )  # fmt: skip
    text = (Path(package.origin).parent / "datasets/data" / TABLES[name]).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def _sets(
    place: nodes.Place, warps: list[Any], mask: str, settings: Settings, atlases: list[Settings],
    templates: list[str],
) -> list[nodes.Nodes]:  # fmt: skip
    """Return the parcels of the atlas, and the spheres of published sets."""
    row = dict(parcels.atlas_row(atlases, settings["atlas"]))
    chain = warps[:1] if row["carried_as"] == templates[0] else warps
    found = [_atlas(row, place, chain, mask, settings)]
    return found + [
        nodes.of_coordinates(
            bids.label_of(name),
            _coordinates(name),
            place,
            space=templates[1],
            radius_mm=settings["sphere_radius_mm"],
        )
        for name in settings["coordinates"]
    ]


def _matrices(
    sets: list[nodes.Nodes], inside: Any, both: tuple[Any, Any], told: Settings,
    paths: tuple[list[str], ...], *, labels: Settings, min_coverage: float,
) -> tuple[list[Any], list[Any]]:  # fmt: skip
    """Write the matrices of each set; return rows of measures, and what is drawn."""
    rows: list[Any] = []
    drawn: list[Any] = []
    for one, sidecar, *tables in zip(sets, *paths, strict=True):
        found, first = (
            kernels.region_series(series, inside, one.members, min_coverage=min_coverage)
            for series in both
        )
        made = kernels.matrices(found.series)
        for path, matrix in zip(tables, (made.pearson, made.fisher_z, made.partial), strict=True):
            cells, columns = edges.table(matrix, one.names)
            write_tsv(path, cells, columns=columns)
        images.write_json(sidecar, edges.record(one, found, made, told))
        rows += edges.network_rows(made.fisher_z, one, labels, mark=told["Mark"])
        drawn.append((one, edges.before_denoising(first, degree=1), made.pearson))
    return rows, drawn


def _seed_nodes(
    place: nodes.Place, rows: list[dict[str, str]], record: str, spaces: list[str],
    settings: Settings,
) -> nodes.Nodes:  # fmt: skip
    """Return the seeds of the table that are wanted, and the target nucleus."""
    found = parse(rows, file="atlases/seeds.tsv", spaces=spaces)
    chosen = [seed for seed in found if seed.name in (settings["names"] or [seed.name])]
    targets = network_maps.targets_of(images.read_json(record))
    radius_mm = settings["target_radius_mm"]
    return nodes.of_seeds(chosen, targets, place, target_radius_mm=radius_mm)


def main(
    bold: str, denoised: str, denoised_sidecar: str, brain: str, excluded: str, confounds: str,
    to_acpc: str, grey: str, t1w: str, mask: str, from_mni: str, from_acpc: str, to_other: str,
    from_other: str, atlases_sidecar: str, pearson: list[str], fisherz: list[str],
    partial: list[str], sidecars: list[str], seed_maps: list[str], lag: str,
    lag_correlation: str, measures: str, matrices_png: str, seeds_png: str, lag_png: str, *,
    labels: Settings, denoising: Settings, settings: Settings, seeds: Settings,
    lag_settings: Settings, atlases: list[Settings], seed_rows: list[dict[str, str]],
    templates: list[str],
) -> None:  # fmt: skip
    """Read, lay regions over the scan, correlate, write."""
    scan, told, to_scan = (
        images.load(denoised), images.read_json(denoised_sidecar), images.read_affine(to_acpc)
    )  # fmt: skip
    inside = (images.load(brain).data > 0) & (images.load(excluded).data == 0)
    ways = {templates[0]: _warps([from_acpc]), templates[1]: _warps([from_other, from_acpc])}
    place = nodes.Place(inside.shape, scan.affine, to_scan, ways)
    series, raw = scan.data[inside], images.load(bold).data[inside]
    sets = _sets(place, _warps([from_mni, to_other]), mask, settings, atlases, templates)
    rows, drawn = _matrices(
        sets, inside, (series, raw), told, (sidecars, pearson, fisherz, partial), labels=labels,
        min_coverage=settings["min_coverage"],
    )  # fmt: skip
    write_tsv(measures, rows, columns=COLUMNS)
    network_maps.drawn_matrices(drawn, strategy=told["Strategy"]).save(matrices_png, optimize=True)
    model = joint_model.model(
        columns_of(read_tsv(confounds)), repetition_s=told["RepetitionTime"], settings=denoising
    )
    seen = network_maps.seen(series, raw, inside, scan.affine, model, fwhm_mm=seeds["fwhm_mm"])
    places = _seed_nodes(place, seed_rows, atlases_sidecar, templates, seeds)
    z = network_maps.seed_maps(seen, series, inside, places, min_coverage=seeds["min_coverage"])
    for path, volume in zip(seed_maps, z, strict=True):
        images.save(path, local_maps.laid(volume, inside), scan.affine)
    part, head = images.load(grey), images.load(t1w)
    share = network_maps.grey_of(part.data, part.affine, place)[inside]
    late = network_maps.lags(seen, share, model, settings=lag_settings)
    told_lag = network_maps.lag_record(model)
    images.save(lag, local_maps.laid(late.lag_s, inside), scan.affine, sidecar=told_lag)
    images.save(lag_correlation, local_maps.laid(late.correlation, inside), scan.affine)
    shown = network_maps.layers(z, places, late, inside, mark=told["Mark"])
    for path, (layers, title) in zip((seeds_png, lag_png), shown, strict=True):
        pictures.overlays(
            layers, scan.affine, to_scan, head.data, head.affine, planes=network_maps.PLANES,
            title=title,
        ).save(path, optimize=True)  # fmt: skip


if __name__ == "__main__":
    run(main, snakemake)
