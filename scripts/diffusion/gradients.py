"""Judge b-values, directions and acquisition of a diffusion scan before anything is fitted."""

from typing import TYPE_CHECKING, Any

from sonolesion.core import gradients, images
from sonolesion.core.run import run
from sonolesion.diffusion import acquisition, gradient_gate, gradient_record, picture
from sonolesion.maths import gradient_table

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]
HEAD = ("bright_share", "peel_voxels")


def main(
    native: str, b_values: str, vectors: list[str], qc: str, png: str, *, phase: Settings,
    table: Settings, gate: Settings, zero_filling: Settings,
) -> None:  # fmt: skip
    """Read, judge, write; raise if the directions are wrong."""
    scan = images.load(native, checked=True)
    acquisition.require_filled(scan.data, file=native)
    found = gradients.read(b_values, vectors[0], n_volumes=scan.data.shape[3])
    names = {"file": b_values, "vectors_file": vectors[0]}
    scheme = gradient_table.scheme(found.b_values, found.vectors, **names, **table)
    plain = scan.data[..., scheme.unweighted].mean(axis=3)
    head = gradient_gate.foreground(plain, **{name: gate[name] for name in HEAD})
    judged = {name: value for name, value in gate.items() if name not in HEAD}
    verdict = gradient_gate.judge(
        scan.data, head, scheme.b_values, scheme.vectors, scan.affine,
        **judged | {"md_range_mm2_s": tuple(gate["md_range_mm2_s"])},
    )  # fmt: skip
    first = scan.data[..., scheme.unweighted[0]]
    fill = acquisition.zero_filled(first, **zero_filling)
    partial = acquisition.partial_fourier(
        first, stated_fraction=phase["partial_fourier"], stated_enabled=None, axis=phase["axis"],
        **zero_filling,
    )  # fmt: skip
    title = f"Gradient directions {verdict.outcome}: {verdict.reason}"
    shown = picture.candidates(verdict.names, verdict.coherence, verdict.errors, title=title)
    shown.quantize(32).save(png, optimize=True)
    images.write_json(qc, gradient_record.record(verdict, scheme, fill, partial, picture=png))
    gradient_gate.require_kept(verdict, file=vectors[0])


if __name__ == "__main__":
    run(main, snakemake)
