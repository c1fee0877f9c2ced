"""Fill the templates: everything is escaped, and a forgotten variable is an error."""

from __future__ import annotations

from collections.abc import Mapping

import jinja2

from sonolesion import __version__
from sonolesion.report import wording
from sonolesion.report.records import STATES


def page(template: str, context: Mapping[str, object]) -> str:
    """Return the HTML of a template beside this module."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sonolesion.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": wording.number,
        "volume": wording.volume,
        "when": wording.when,
        "day": wording.day_label,
        "p": wording.probability,
        "interval": wording.interval,
        "volume_range": wording.volume_range,
        "percent": wording.percent,
        "share": wording.share,
    }
    environment.globals["states"] = STATES
    environment.globals["plural"] = wording.plural
    environment.globals["version"] = __version__
    return environment.get_template(template).render(context)
