# SPDX-License-Identifier: Apache-2.0
"""``handcraft measure realism`` from end to end: both sides alike, encoded, measured, drawn, ``results.json``."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handcraft.data import PreparedSet
from handcraft.encode import FeatureSpace
from handcraft.files import write_json_atomically
from handcraft.measure.realism import ACCURACY_1NN
from handcraft.studies.realism.alike import as_jpeg, differences_in_preparation, expect_alike, jpeg_share
from handcraft.studies.realism.measuring import Realism, encoded, measure_realism
from handcraft.studies.realism.pictures import write_pictures
from handcraft.training import RunFolder, session_of

PHOTOGRAPHS = "photographs"


@dataclass(frozen=True)
class RealismConfig:
    """How sets are compared."""

    repeats: int = 5
    """Disjoint draws of images; the interval is over them."""
    size: int | None = None
    """Images in each draw of each set; the largest that there are enough images for if left out."""
    jpeg: int | None = None
    """Quality of JPEG that the crops of both sides are brought to first; as they are if left out."""
    seed: int = 0
    """Of the drawing and of UMAP."""


def realism_study(
    run_path: Path,
    photographs: PreparedSet,
    made: Mapping[str, PreparedSet],
    space: FeatureSpace,
    config: RealismConfig,
    *,
    folders: Mapping[str, Path],
) -> dict[str, Any]:
    """Compare made sets with photographs into a new folder and return what ``results.json`` there holds.

    Args:
        run_path: a new or empty folder.
        photographs: the real side, twice as many as are drawn.
        made: the other side, by name.
        space: where they are compared.
        config: how.
        folders: where each set came from, that of the real side under ``photographs``.

    Raises:
        HandcraftError: crops that are not alike, too few images, a folder in use.
    """
    expect_alike(photographs, made)
    inputs = {name: str(folder) for name, folder in folders.items()} | {"space": space.name}
    run = RunFolder.create(run_path, stage="measure", config=config, seed=config.seed, inputs=inputs)
    with session_of(run):
        sets = {PHOTOGRAPHS: photographs, **made}
        if config.jpeg is not None:
            sets = {name: as_jpeg(each, config.jpeg) for name, each in sets.items()}
        in_space = {name: encoded(each, space) for name, each in sets.items()}
        realism = measure_realism(
            in_space[PHOTOGRAPHS], {name: in_space[name] for name in made},
            space=space.name, repeats=config.repeats, size=config.size, seed=config.seed,
        )  # fmt: skip
        run.update()
        shares = {name: jpeg_share(folder) for name, folder in folders.items()}
        unlike = differences_in_preparation(photographs, made, shares, compressed=config.jpeg is not None)
        pictures = write_pictures(run_path, sets, in_space, seed=config.seed)
        results = _results(run, realism, sets, pictures, unlike)
        write_json_atomically(run_path / "results.json", results)
    return results


def _results(
    run: RunFolder, realism: Realism, sets: Mapping[str, PreparedSet], pictures: list[dict[str, str]], unlike: list[str]
) -> dict[str, Any]:
    record = run.record
    session = record["sessions"][-1]
    return {
        "schema": 1,
        "title": "How like photographs",
        "preset": f"{realism.space}, {realism.repeats} draws of {realism.size}",
        "seeds": [run.seed],
        "seconds": round(record["seconds"], 1),
        "config": record["config"] | {"inputs": record["inputs"]},
        **{name: session[name] for name in ("machine", "versions", "command")},
        "commit": session["git_commit"],
        "sets": {name: _set(each) for name, each in sets.items()},
        "frame": f"{sets[PHOTOGRAPHS].size} px crops around the hand",
        "arms": [],
        "tables_title": "How like photographs",
        "tables": realism.tables(),
        "realism": realism.to_json(),
        "pictures": pictures,
        "verdict": verdict(realism),
        "limits": [*unlike, *_limits(sets)],
    }


def verdict(realism: Realism) -> str:
    """Which set the nearest neighbour tells from photographs least, and whether it can tell it at all."""
    figures = {name: realism.figure(name, ACCURACY_1NN) for name in realism.measures}
    best = min(figures, key=lambda name: abs(figures[name].made.value - figures[name].control.value))
    figure = figures[best]
    if not figure.made_minus_control.has_interval:
        finding = "one draw leaves open whether it can be told from them"
    elif figure.made_minus_control.excludes(0.0):
        finding = "it can be told from them"
    else:
        finding = f"{realism.size} images do not tell it from them"
    nearest = f"Of {len(figures)} sets {best} is" if len(figures) > 1 else f"{best} is"
    return (
        f"{nearest} {'nearest to' if len(figures) > 1 else 'compared with'} photographs: 1-NN accuracy {figure.made}, "
        f"photographs against photographs {figure.control}; {finding}."
    )


def _set(prepared: PreparedSet) -> dict[str, Any]:
    side_px = float(prepared.crops[:, 2].median())
    return {
        "name": prepared.source,
        "count": len(prepared),
        "people": None if prepared.subjects == prepared.keys else len(set(prepared.subjects)),
        "is_real": prepared.is_real,
        "labelled": False,
        "note": f"crops of {side_px:.0f} px of their pictures (median), brought to {prepared.size} px",
        "skipped": prepared.skipped,
    }


def _limits(sets: Mapping[str, PreparedSet]) -> list[str]:
    limits = [
        "A figure holds in its space and at its size: figures of other spaces and sizes do not compare.",
        "Intervals are over draws of images of one trained refiner; another training may differ by more.",
        "Realism is not usefulness: the set with the worst distance may train the best estimator. "
        "`handcraft demo` shows both beside each other.",
    ]
    if not sets[PHOTOGRAPHS].is_real:
        limits.append("The photographs are rendered stand-ins: the figures say nothing about a camera's.")
    if len(set(sets[PHOTOGRAPHS].subjects)) < len(sets[PHOTOGRAPHS]):
        limits.append(
            "Photographs of one person or film are alike, which makes the control better than for other people: "
            "draws share no image, but they share people."
        )
    return limits
