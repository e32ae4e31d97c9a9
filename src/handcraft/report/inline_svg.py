# SPDX-License-Identifier: Apache-2.0
"""matplotlib figures as SVG that belongs to the page: its fonts, and its colours in daylight, in the dark and on paper.

Figures are drawn in placeholder colours, which become CSS variables of the page. Words stay words, so they can be read
aloud, searched and copied. No element keeps an id of another figure, and nothing names an address.
"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

import matplotlib
from markupsafe import Markup
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK = "#010101"
MUTED = "#020202"
GRID = "#030303"
BAND = "#040404"
PAPER = "#050505"
SERIES = ("#060601", "#060602", "#060603", "#060604", "#060605", "#060606")
GOOD = "#070701"
BAD = "#070702"

_VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--line",
    BAND: "--band",
    PAPER: "--paper",
    **{colour: f"--series-{number}" for number, colour in enumerate(SERIES, start=1)},
    GOOD: "--good",
    BAD: "--bad",
}

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "handcraft",
    "text.parse_math": False,
    "font.size": 12,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.labelsize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 11,
    "figure.dpi": 72,
}

WIDTH_IN = 6.4
"""All figures are this wide, 461 units: a phone shrinks their 12-unit letters to no less than 9 px."""


@contextmanager
def figure(height_in: float) -> Iterator[Figure]:
    """A figure to draw on, in the page's style. Nothing of matplotlib's global state stays changed."""
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # the reader's browser has its own
        drawn = Figure(figsize=(WIDTH_IN, height_in), layout="constrained", facecolor="none")
        FigureCanvasSVG(drawn)
        yield drawn


def svg_from_figure(drawn: Figure, *, name: str, description: str) -> Markup:
    """The figure as an ``<svg>`` element.

    Args:
        drawn: made within ``figure``, and still within it.
        name: of letters, digits and hyphens, unlike every other figure's on the page; it keeps ids apart.
        description: what the figure shows, in words, for those who do not see it.
    """
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="svg")
    written = ElementTree.fromstring(buffer.getvalue())
    svg = ElementTree.Element(
        "svg", {"viewBox": written.attrib["viewBox"], "class": "plot", "role": "img", "aria-label": description}
    )
    svg.extend(part for part in written if _bare(part.tag) != "metadata")
    used = {match for element in svg.iter() for value in element.attrib.values() for match in _ID.findall(value)}
    for parent in list(svg.iter()):
        for style in [child for child in parent if _bare(child.tag) == "style"]:
            parent.remove(style)  # it would style the whole page
        _belong_to_page(parent, name, used)
    return Markup(ElementTree.tostring(svg, encoding="unicode"))


_ID = re.compile(r"(?<=#)[\w.-]+")


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]


def _belong_to_page(element: ElementTree.Element, name: str, used: set[str]) -> None:
    """Drop namespaces, ids nobody uses and font names; rename the other ids; turn placeholders into variables."""
    attributes = {_bare(key): value for key, value in element.attrib.items()}
    if attributes.get("id") not in used:
        attributes.pop("id", None)
    for key in {"id", "href", "clip-path"} & attributes.keys():
        attributes[key] = re.sub(r"^(url\(#|#|)", rf"\g<1>{name}-", attributes[key])
    if "style" in attributes:
        style = re.sub(r"font: [^;]*?([\d.]+px)[^;]*", r"font-size: \1", attributes["style"])
        style = re.sub(r"font-family: [^;]*;?", "", style)
        attributes["style"] = re.sub(r"#0[0-9a-f]{5}\b", lambda match: _variable(match.group()), style)
    element.tag = _bare(element.tag)
    element.attrib.clear()
    element.attrib.update(attributes)


def _variable(colour: str) -> str:
    return f"var({_VARIABLES[colour]})" if colour in _VARIABLES else colour
