# SPDX-License-Identifier: Apache-2.0
"""The study from end to end: sets, segmenter, refiners, estimators, figures, pictures, ``results.json``."""

import time
from pathlib import Path
from typing import Any

from handcraft.errors import HandcraftError
from handcraft.files import write_json_atomically
from handcraft.studies.refinement.arms import Arms
from handcraft.studies.refinement.config import StudyConfig
from handcraft.studies.refinement.figures import figures
from handcraft.studies.refinement.pictures import write_pictures
from handcraft.studies.refinement.sets import SetMaker
from handcraft.training import RunFolder


def run_study(
    run_path: Path,
    config: StudyConfig,
    *,
    title: str,
    photos: Path | None = None,
    test: Path | None = None,
    workers: int = 0,
    resume: bool = False,
) -> dict[str, Any]:
    """Run the study into ``run_path`` and return what ``results.json`` there holds.

    Args:
        run_path: the run folder; what is already in it is not made again when ``resume`` is set.
        config: sizes and training.
        title: what the report is headed with.
        photos: photographs to refine towards; simulated ones without.
        test: a labelled data set to test on; simulated photographs without.
        workers: rendering processes; 0 takes one per core.
        resume: go on with a run that was stopped.

    Raises:
        HandcraftError: unreadable data sets, a folder in use, another configuration than the resumed run's.
    """
    for name, folder in (("photos", photos), ("test", test)):
        if folder is not None and not folder.is_dir():
            raise HandcraftError(f"Expected `{name}` to be a folder, but {folder} is none.")
    inputs = {"photos": None if photos is None else str(photos), "test": None if test is None else str(test)}
    run = RunFolder.create(
        run_path, stage="study", config={"study": config, **inputs}, seed=config.data_seed, inputs=inputs, resume=resume
    )
    began = time.monotonic()
    sets = SetMaker(run_path, config, workers).make(photos, test)
    arms = Arms(run_path, config, sets)
    rows, judge = arms.all(), arms.judge()
    results = figures(run, config, sets, arms, rows, judge, title=title, seconds=time.monotonic() - began)
    results["pictures"] = write_pictures(run_path, config, sets, arms, rows)
    write_json_atomically(run_path / "results.json", results)
    run.finish()
    return results
