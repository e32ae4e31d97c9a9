# SPDX-License-Identifier: Apache-2.0
"""Masked hands, or hands before backdrops? Trains the same estimator both ways and prints one JSON object.

    python benchmarks/masking.py --segmenter RUN/segmenter [--count 3000] [--test-count 600] [--seeds 0]

Photographs come without masks. Either a segmenter finds the hand and everything else is blackened (``masked``), or the
picture is left as it is and the renders get textured backdrops (``kept``). In both cases the segmenter's mask says
where to
crop the photographs. The test images are simulated photographs, so that no real label takes part in the choice.
"""

import argparse
import dataclasses
import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Literal

from handcraft.data import PreparedSet, PreprocessConfig, prepare
from handcraft.data.rendered import RenderedSet
from handcraft.estimate import KEYPOINTS_LAPTOP, Segmenter, predict, train_estimator
from handcraft.measure import EPE_MEAN, KeypointErrors, difference_between, over_seeds, score_keypoints
from handcraft.scene import SceneConfig

Background = Literal["masked", "kept"]


def renders(background: Background, count: int) -> PreparedSet:
    """Plain renders, before an even or a textured backdrop."""
    scenes = SceneConfig(backdrop="even" if background == "masked" else "textured")
    made = RenderedSet(scenes, 101, count, workers=0).map_batches(
        partial(prepare, config=PreprocessConfig(background=background))
    )
    return PreparedSet.joined(list(made), source="plain renders")


def photographs(background: Background, count: int, segmenter: Segmenter) -> PreparedSet:
    """Simulated photographs whose hands the segmenter finds."""
    samples = RenderedSet(SceneConfig(look="photographic"), 103, count)
    unmasked = (dataclasses.replace(sample, mask=None) for sample in samples)
    return prepare(unmasked, PreprocessConfig(background=background), segment=segmenter)


def errors(background: Background, colours: Literal["colour", "normalised"], train: PreparedSet, test: PreparedSet,
           seeds: list[int]) -> list[KeypointErrors]:  # fmt: skip
    """Errors of one way on the test images, a training for each seed."""
    assert test.keypoints_px is not None
    assert test.confidence is not None
    made = []
    for seed in seeds:
        config = dataclasses.replace(KEYPOINTS_LAPTOP, input=colours, seed=seed)
        with tempfile.TemporaryDirectory() as folder:
            predicted_px = predict(train_estimator(train, config, Path(folder) / "run"), test)
        made.append(score_keypoints(predicted_px, test.keypoints_px, test.confidence, test.subjects, seed=0).errors)
    return made


def main() -> None:
    """Train four estimators for each seed and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segmenter", type=Path, required=True)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--test-count", type=int, default=600)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    arguments = parser.parse_args()
    segmenter = Segmenter.load(arguments.segmenter)
    found: dict[str, list[KeypointErrors]] = {}
    for background in ("masked", "kept"):
        train, test = renders(background, arguments.count), photographs(background, arguments.test_count, segmenter)
        for colours in ("colour", "normalised"):
            found[f"{background}, {colours}"] = errors(background, colours, train, test, arguments.seeds)
    print(json.dumps({
        "epe_mean_px": {name: over_seeds(each, EPE_MEAN, seed=0).to_json() for name, each in found.items()},
        "masked_minus_kept_px": {
            colours: difference_between(
                found[f"masked, {colours}"], found[f"kept, {colours}"], EPE_MEAN, seed=0
            ).to_json()
            for colours in ("colour", "normalised")
        },
        "renders": arguments.count, "test_images": len(found["masked, colour"][0].errors_px), "seeds": arguments.seeds,
        "estimator_steps": KEYPOINTS_LAPTOP.steps,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
