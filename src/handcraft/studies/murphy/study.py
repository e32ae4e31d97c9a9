# SPDX-License-Identifier: Apache-2.0
"""Seed 000's study from end to end: the refinement study with its three refiners, then its tables and figures."""

import dataclasses
from pathlib import Path
from typing import Any

from handcraft.data import normalise_colour
from handcraft.estimate import predict
from handcraft.files import write_json_atomically
from handcraft.studies.murphy.config import MurphyConfig
from handcraft.studies.murphy.embeddings import embeddings
from handcraft.studies.murphy.published import NORMALISED, SUPERVISED_EMBEDDING
from handcraft.studies.murphy.realism import class_space, measure_realism
from handcraft.studies.murphy.sets import MurphyData, make_sets, notes_of
from handcraft.studies.murphy.tables import pose_table, realism_tables
from handcraft.studies.refinement.arms import Arm, Arms
from handcraft.studies.refinement.figures import figures
from handcraft.studies.refinement.pictures import write_pictures
from handcraft.studies.refinement.sets import StudySets
from handcraft.studies.refinement.study import expect_pictures
from handcraft.training import RunFolder, session_of


def run_murphy(
    run_path: Path, config: MurphyConfig, data: MurphyData, *, workers: int = 0, resume: bool = False
) -> dict[str, Any]:
    """Run the study into ``run_path`` and return what ``results.json`` there holds.

    Args:
        run_path: the run folder; what is already in it is not made again when ``resume`` is set.
        config: sizes, training and measures.
        data: the document's sets, a user's photographs, or neither.
        workers: rendering processes; 0 takes one per core.
        resume: go on with a run that was stopped.

    Raises:
        HandcraftError: unreadable data sets, a folder in use, another configuration than the resumed run's.
    """
    expect_pictures(data.photos, data.test)
    if data.photos is not None:
        config = config.towards_photographs()
    inputs = {name: None if folder is None else str(folder) for name, folder in vars(data).items()}
    run = RunFolder.create(
        run_path, stage="study", config={"study": config, **inputs}, seed=config.hands.data_seed, inputs=inputs,
        resume=resume,
    )  # fmt: skip
    with session_of(run):
        run.clear_leftovers()
        sets = make_sets(run_path, config, data, workers=workers)
        run.update()
        results = _results(run, config, sets, data)
        write_json_atomically(run_path / "results.json", results)
    return results


def _results(run: RunFolder, config: MurphyConfig, sets: StudySets, data: MurphyData) -> dict[str, Any]:
    arms = Arms(run.path, config.hands, sets)
    rows = arms.all()
    rows.insert(1 + [row.name for row in rows].index("raw renders"), normalised_renders(arms))
    judge = arms.judge()
    run.update()
    results = figures(run, config.hands, sets, arms, rows, judge, title=f"Seed 000 at scale {config.scale}")
    for name, note in notes_of(data).items():
        results["sets"][name]["note"] = note
    space = class_space(config, sets.judge)
    measured = measure_realism(config, sets, arms, space)
    about = data_in_words(config, sets)
    drawn = (
        f"{about} {config.draws} disjoint draws of {measured[0].size} images of each set; conv, logits and softmax are "
        f"those of the {space.name}. Brackets are Student's t intervals over draws; with several seeds a figure is the "
        "mean of their models."
    )
    tables = [pose_table(results["arms"], note=about), *realism_tables(measured, note=drawn)]
    results["study"] = {
        "document": "seed 000",
        "scale": config.scale,
        "data": about,
        "tables": [table.to_json() for table in tables],
        "embeddings": embeddings(config, sets, arms, space),
        "embeddings_caveat": SUPERVISED_EMBEDDING,
    }
    results["pictures"] = write_pictures(run.path, config.hands, sets, arms, rows)
    return results


def normalised_renders(arms: Arms) -> Arm:
    """The document's "w/ Norm": renders with their tint taken out to train on, photographs as they are to test on."""
    source = arms.sets.source
    grey = (normalise_colour(source.float_images()) * 255).round().byte()
    training = dataclasses.replace(source, images=grey, source=f"normalised {source.source}")
    return arms.arm(
        NORMALISED, "renders with their tint taken out; tested on photographs as they are", len(training),
        lambda seed: predict(arms.estimator(NORMALISED, training, seed), arms.sets.test),
    )  # fmt: skip


def data_in_words(config: MurphyConfig, sets: StudySets) -> str:
    """Scale and data, so that no row can be read without them."""
    kinds = [
        f"{len(each)} {use} ({each.source}, {'photographs' if each.is_real else 'rendered'})"
        for use, each in (("training", sets.source), ("target", sets.target), ("test", sets.test))
    ]
    seeds = ", ".join(map(str, config.hands.seeds))
    return (
        f"Scale {config.scale}: {'; '.join(kinds)}; crops of {sets.test.size} px; "
        f"{'seed' if len(config.hands.seeds) == 1 else 'seeds'} {seeds}."
    )
