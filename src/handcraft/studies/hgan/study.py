# SPDX-License-Identifier: Apache-2.0
"""Seed 002 from end to end: sets, five models, Tables I to III, label drift, pictures, ``results.json``."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from handcraft.encode import FeatureSpace, HandEncoder, feature_space, learn_layouts
from handcraft.errors import HandcraftError
from handcraft.files import write_json_atomically
from handcraft.studies.hgan.config import HganConfig
from handcraft.studies.hgan.domains import classify
from handcraft.studies.hgan.drift import measure_drift
from handcraft.studies.hgan.figures import Findings, figures
from handcraft.studies.hgan.models import Models
from handcraft.studies.hgan.pictures import write_pictures
from handcraft.studies.hgan.realism import measure_table_one
from handcraft.studies.hgan.sets import HganInputs, make_sets
from handcraft.training import RunFolder, session_of


def run_hgan(
    run_path: Path, config: HganConfig, inputs: HganInputs, *, workers: int = 0, resume: bool = False
) -> dict[str, Any]:
    """Run the study into ``run_path`` and return what ``results.json`` there holds.

    Args:
        run_path: the run folder; what is already in it is not made again when ``resume`` is set.
        config: ``SMOKE_HGAN``, ``LAPTOP_HGAN``, ``PAPER_HGAN`` or another.
        inputs: folders and files of the user's.
        workers: rendering processes; 0 takes one per core.
        resume: go on with a run that was stopped.

    Raises:
        HandcraftError: inputs that are not there or do not suit the scale, too few images, a folder in use, another
            configuration than the resumed run's.
    """
    config = _fitted(config, inputs)
    named = {name: None if path is None else str(path) for name, path in vars(inputs).items()}
    run = RunFolder.create(
        run_path, stage="study", config={"study": config, **named}, seed=config.hands.data_seed, inputs=named,
        resume=resume,
    )  # fmt: skip
    with session_of(run):
        run.clear_leftovers()
        told = _teller(run)
        told("sets")
        models = Models(run_path, config, make_sets(run_path, config, inputs, workers=workers))
        models.train(told)
        results = figures(run, models, _findings(models, inputs, told))
        results["pictures"] = write_pictures(run_path, models, config.hands.seeds[0])
        write_json_atomically(run_path / "results.json", results)
    return results


def _findings(models: Models, inputs: HganInputs, told: Callable[[str], None]) -> Findings:
    seed = models.config.hands.seeds[0]
    told("Table I")
    found = measure_table_one(models, _space(models, inputs))
    told("Tables II and III")
    classified = classify(models, seed)
    told("label drift")
    return Findings(found, classified, measure_drift(models, seed))


def _space(models: Models, inputs: HganInputs) -> FeatureSpace:
    """The document's where its weights are given, else handcraft's own with layouts of hands for classes."""
    config = models.config
    if config.space != "hand encoder":
        return feature_space(config.space, inputs.inception)
    return learn_layouts(HandEncoder.load(), models.sets.judge, classes=config.layouts, seed=config.hands.data_seed)


def _fitted(config: HganConfig, inputs: HganInputs) -> HganConfig:
    """The configuration with what the inputs bring; refuses a scale without its data."""
    if config.scale == "paper" and inputs.synthhands is None:
        raise HandcraftError(
            "Expected `synthhands` and `realhands` for the paper scale, but got none; name their folders, or take the "
            "laptop scale, which renders hands."
        )
    if config.scale != "paper" and inputs.synthhands is not None:
        raise HandcraftError(
            f"Expected the paper scale for `synthhands` and `realhands`, but got {config.scale}; it renders hands."
        )
    config = config.with_weights(vgg16=inputs.vgg16, inception=inputs.inception, vit=inputs.vit)
    return config.towards_photographs() if inputs.photos is not None else config


def _teller(run: RunFolder) -> Callable[[str], None]:
    """Says on stderr what comes next, and brings the run's seconds up to date."""

    def told(what: str) -> None:
        run.update()
        print(f"hgan: {what}", file=sys.stderr)

    return told
