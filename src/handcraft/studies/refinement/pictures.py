# SPDX-License-Identifier: Apache-2.0
"""The study's pictures: rendered hands and their labels, the same hands refined, what each arm makes of the test."""

from collections.abc import Sequence
from pathlib import Path

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from handcraft.data import (
    TRUTH_COLOURS,
    HandSample,
    PreparedSet,
    contact_sheet,
    draw_skeleton,
    normalise_colour,
    overlay_skeleton,
    picture_from_image,
    show_depth,
    show_normals,
    show_parts,
    whole_scale,
)
from handcraft.data.rendered import render_samples
from handcraft.files import atomic_path
from handcraft.refine import refine_prepared
from handcraft.scene import SceneConfig
from handcraft.studies.described import evenly
from handcraft.studies.refinement.arms import Arm, Arms, folder_name
from handcraft.studies.refinement.config import StudyConfig
from handcraft.studies.refinement.rejecting import rejected_sheet
from handcraft.studies.refinement.sets import SEEDS_OF_SETS, StudySets

COLUMNS = 8


def write_pictures(
    run: Path, config: StudyConfig, sets: StudySets, arms: Arms, rows: Sequence[Arm]
) -> list[dict[str, str]]:
    """Write the study's pictures below ``run`` and return their entries in ``results.json``."""
    target = sets.target.source
    entries = [
        ("renders", "look", "Rendered hands and their labels", _renders(config),
         "Each column is one render: the picture with its keypoints; parts, depth and normals of the same pass."),
        ("refined", "look", "The same hands, made to look photographed", _refined(config, sets, arms),
         f"Top to bottom: the render's crop, its colours normalised, what each refiner makes of it; last, {target}, "
         "which are other hands."),
        ("estimates", "estimates", f"What each estimator makes of {sets.test.source} it has never seen",
         _estimates(sets.test, rows), "White: the label. Coloured: the estimate of each arm's first seed. "
         "The images were picked evenly from the test set, not by their error."),
    ]  # fmt: skip
    if config.tolerated:
        entries += [_rejected(arms, name) for name in config.refiners]
    folder = run / "pictures"
    folder.mkdir(exist_ok=True)
    for name, _, _, picture, _ in entries:
        with atomic_path(folder / f"{name}.png") as beside:
            picture.save(beside, format="PNG", optimize=True)
    return [
        {"file": f"pictures/{name}.png", "title": title, "caption": caption, "group": group}
        for name, group, title, _, caption in entries
    ]


def _rejected(arms: Arms, name: str) -> tuple[str, str, str, Image.Image, str]:
    seed = arms.config.seeds[0]
    sheet = rejected_sheet(arms.refined(name, seed), arms.selection(name, seed))
    return (folder_name("rejected", name), "look", f"Kept and rejected: {name}", sheet,
            "Picked evenly from each group; one image may be rejected for several reasons.")  # fmt: skip


def _renders(config: StudyConfig) -> Image.Image:
    seed = config.data_seed * 1000 + SEEDS_OF_SETS["source"]
    count = config.source_count
    indices = evenly(count, COLUMNS)
    plain = render_samples(SceneConfig(look="plain", size_px=160), seed, indices)
    photographic = render_samples(SceneConfig(look="photographic", size_px=160), seed, indices)
    return contact_sheet(
        [
            [_with_skeleton(sample) for sample in plain],
            [show_parts(sample.parts, scale=1) for sample in plain if sample.parts is not None],
            [show_depth(sample.depth_m, scale=1) for sample in plain if sample.depth_m is not None],
            [show_normals(sample.normals, scale=1) for sample in plain if sample.normals is not None],
            [picture_from_image(sample.image) for sample in photographic],
        ],
        row_titles=[
            "plain renders",
            "parts",
            "depth",
            "normals",
            "the photographic look, same hands (simulated photographs)",
        ],
    )


def _with_skeleton(sample: HandSample) -> Image.Image:
    assert sample.keypoints_px is not None
    return draw_skeleton(sample.image, sample.keypoints_px, scale=1)


def _refined(config: StudyConfig, sets: StudySets, arms: Arms) -> Image.Image:
    shown = sets.drift.select(evenly(len(sets.drift), COLUMNS))
    target = sets.target.select(evenly(len(sets.target), COLUMNS))
    images = shown.float_images()
    rows = [_row(images), _row(normalise_colour(images))]
    rows += [
        _row(refine_prepared(arms.refiner(name, config.seeds[0]), shown).float_images()) for name in config.refiners
    ]
    rows.append(_row(target.float_images()))
    titles = [
        "render",
        "normalised colours",
        *(f"refined by {name}" for name in config.refiners),
        f"{sets.target.source} (target)",
    ]
    return contact_sheet(rows, row_titles=titles)


def _row(images: Float[Tensor, "batch 3 size size"]) -> list[Image.Image]:
    scale = whole_scale(images.shape[-1])
    return [picture_from_image(image, scale=scale) for image in images]


def _estimates(test: PreparedSet, rows: Sequence[Arm]) -> Image.Image:
    indices = evenly(len(test), COLUMNS)
    images = test.float_images()
    assert test.keypoints_px is not None
    assert test.confidence is not None
    scale = whole_scale(test.size)
    shown = [row for row in rows if row.name != "image centre"]
    sheets = []
    for row in shown:
        pictures = []
        for index in indices:
            confidence = test.confidence[index].clamp(0, 1)
            truth = draw_skeleton(
                images[index], test.keypoints_px[index], confidence=confidence, scale=scale, colours=TRUTH_COLOURS
            )
            pictures.append(overlay_skeleton(truth, row.predicted_px[0][index].float() * scale))
        sheets.append(pictures)
    return contact_sheet(sheets, row_titles=[row.name for row in shown])
