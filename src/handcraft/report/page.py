# SPDX-License-Identifier: Apache-2.0
"""Run folders to one HTML file that opens anywhere: no script, nothing fetched, everything from JSON escaped.

The page reads ``results.json``, the pictures and the ``metrics.jsonl`` files it names, all inside the run folder, and
nothing else, so any page can be made again from its folder.
"""

import base64
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup
from PIL import Image

from handcraft.errors import HandcraftError
from handcraft.files import write_text_atomically
from handcraft.report import words
from handcraft.report.decoding import printable
from handcraft.report.plots import (
    Chart,
    arm_looks,
    difference_chart,
    drift_charts,
    error_chart,
    pck_chart,
    training_chart,
)
from handcraft.report.results import Difference, Picture, Results, TrainingLog, read_results
from handcraft.report.study import Study, embedding_svg
from handcraft.report.tuning import setting_in_words, tuning_svg

_MIME_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


@dataclass(frozen=True)
class InlinePicture:
    """A picture as the page holds it."""

    picture: Picture
    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Section:
    """One run as the template sees it."""

    results: Results
    key: str
    pictures: tuple[InlinePicture, ...]
    error_chart: Chart | None
    differences: tuple[tuple[str, tuple[Difference, ...], Chart], ...]
    pck_charts: tuple[Chart, ...]
    drift_charts: tuple[Chart, ...]
    training_charts: tuple[Chart, ...]
    tuning_svg: Markup | None = None
    embedding_charts: tuple[Chart, ...] = ()


def write_report(run: Path | Sequence[Path], out: Path | None = None) -> Path:
    """Make one self-contained page of one run folder or several.

    Args:
        run: a folder with a results.json, or several, which become sections one after another.
        out: where to write the page; ``report.html`` in the (first) run folder if left out.

    Returns:
        The path of the page.

    Raises:
        HandcraftError: a results.json, picture or metrics file is missing or not what it should be.
    """
    runs = [Path(run)] if isinstance(run, str | Path) else [Path(one) for one in run]
    if not runs:
        raise HandcraftError("Expected at least one run folder to report on, but got none.")
    path = Path(out) if out is not None else runs[0] / "report.html"
    if path.is_dir():
        raise HandcraftError(f"Expected `out` to be a file, but {path} is a folder; name a file such as report.html.")
    sections = [_section(folder, f"run-{number}") for number, folder in enumerate(runs, start=1)]
    write_text_atomically(path, _environment().get_template("report.html.j2").render(sections=sections))
    return path


def _section(run: Path, key: str) -> Section:
    results = read_results(run)
    level = results.confidence_level
    pictures = tuple(_inline_picture(run, picture) for picture in results.pictures)
    logs = [(log, _read_metrics(run, log)) for log in results.training]
    references = dict.fromkeys(difference.against for difference in results.differences)
    differences = [(name, tuple(one for one in results.differences if one.against == name)) for name in references]
    return Section(
        results=results,
        key=key,
        pictures=pictures,
        error_chart=error_chart(results.arms, name=f"{key}-error", confidence_level=level) if results.arms else None,
        differences=tuple(
            (against, group, difference_chart(group, name=f"{key}-difference-{number}", confidence_level=level))
            for number, (against, group) in enumerate(differences)
        ),
        pck_charts=(
            pck_chart(results.arms, "px", name=f"{key}-pck-px"),
            pck_chart(results.arms, "hand sizes", name=f"{key}-pck-relative"),
        )
        if results.arms
        else (),
        drift_charts=drift_charts(results.label_drift, name=f"{key}-drift", confidence_level=level)
        if results.label_drift
        else (),
        training_charts=tuple(
            training_chart(log.name, metrics, name=f"{key}-training-{number}")
            for number, (log, metrics) in enumerate(logs)
        ),
        tuning_svg=tuning_svg(results.tuning, name=f"{key}-tuning") if results.tuning else None,
        embedding_charts=_embedding_charts(results.study, key) if results.study else (),
    )


def _embedding_charts(study: Study, key: str) -> tuple[Chart, ...]:
    return tuple(
        Chart(
            embedding_svg(each, name=f"{key}-embedding-{number}"),
            f"{each.name}, in the space {each.space}",
            f"{each.method[:1].upper()}{each.method[1:]}.",
        )
        for number, each in enumerate(study.embeddings)
    )


def _inside(run: Path, name: str, field: str) -> Path:
    """A page must not carry files away from elsewhere, whatever a results.json says."""
    path = (run / name).resolve()
    if not path.is_relative_to(run.resolve()):
        raise HandcraftError(
            f"Expected `{field}` in {run / 'results.json'} to lie in the run folder, but got {name!r}."
        )
    return path


def _inline_picture(run: Path, picture: Picture) -> InlinePicture:
    path = _inside(run, picture.file, "pictures.file")
    try:
        content = path.read_bytes()
        with Image.open(io.BytesIO(content)) as opened:
            mime_type, size = _MIME_TYPES.get(opened.format or ""), opened.size
            opened.verify()
    except (FileNotFoundError, IsADirectoryError):
        raise HandcraftError(
            f"Expected the picture {path}, which {run / 'results.json'} names, but it is missing; "
            "make the run again or put it back."
        ) from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        mime_type, size = None, (0, 0)
    if mime_type is None:
        raise HandcraftError(f"Expected {path} to be a whole PNG, JPEG or WebP picture, but it is not; make it again.")
    return InlinePicture(picture, f"data:{mime_type};base64,{base64.b64encode(content).decode()}", *size)


def _read_metrics(run: Path, log: TrainingLog) -> list[dict[str, float]]:
    path = _inside(run, log.metrics, "training.metrics")
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        raise HandcraftError(
            f"Expected {path}, which {run / 'results.json'} names, but it cannot be read; "
            "make the run again or put it back."
        ) from None
    metrics = [numbers for numbers in map(_numbers, lines) if "step" in numbers and len(numbers) > 1]
    if not metrics:
        raise HandcraftError(f'Expected {path} to hold lines such as {{"step": 1, "loss": 0.5}}, but got none.')
    return metrics


def _numbers(line: str) -> dict[str, float]:
    """The finite numbers of one line; a line that a kill cut short has none."""
    try:
        values = json.loads(line)
    except ValueError:
        return {}
    if not isinstance(values, dict):
        return {}
    return {
        printable(key): float(value)
        for key, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("handcraft.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": words.number,
        "signed": words.signed,
        "duration": words.duration,
        "reading": words.reading,
        "settings": words.settings,
        "setting": setting_in_words,
    }
    environment.globals |= {"arm_looks": arm_looks}
    return environment
