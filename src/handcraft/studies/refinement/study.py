# SPDX-License-Identifier: Apache-2.0
"""The study from end to end: sets, segmenter, refiners, estimators, figures, pictures, ``results.json``."""

from pathlib import Path
from typing import Any

from handcraft.data import open_dataset
from handcraft.errors import HandcraftError
from handcraft.files import write_json_atomically
from handcraft.studies.refinement.arms import Arms
from handcraft.studies.refinement.config import StudyConfig
from handcraft.studies.refinement.figures import figures
from handcraft.studies.refinement.pictures import write_pictures
from handcraft.studies.refinement.sets import SetMaker
from handcraft.training import RunFolder, session_of


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
    expect_pictures(photos, test)
    if photos is not None:
        config = config.towards_photographs()
    maker = SetMaker(run_path, config, workers)
    inputs = {"photos": None if photos is None else str(photos), "test": None if test is None else str(test)}
    run = RunFolder.create(
        run_path, stage="study", config={"study": config, **inputs}, seed=config.data_seed, inputs=inputs, resume=resume
    )
    with session_of(run):
        run.clear_leftovers()
        sets = maker.make(photos, test)
        run.update()
        arms = Arms(run_path, config, sets)
        rows, judge = arms.all(), arms.judge()
        run.update()
        results = figures(run, config, sets, arms, rows, judge, title=title)
        results["pictures"] = write_pictures(run_path, config, sets, arms, rows)
        write_json_atomically(run_path / "results.json", results)
    return results


def expect_pictures(photos: Path | None, test: Path | None) -> None:
    """Look into both folders before anything is made: a wrong one must not show after minutes of work."""
    for name, folder in (("photos", photos), ("test", test)):
        if folder is not None and not folder.is_dir():
            raise HandcraftError(f"Expected `{name}` to be a folder, but {folder} is none.")
        if folder is not None and next(iter(open_dataset(folder)), None) is None:
            raise HandcraftError(f"Expected `{name}` to hold pictures, but none in {folder} can be read.")
    if test is not None and not any(sample.keypoints_px is not None for sample in open_dataset(test)):
        raise HandcraftError(f"Expected `test` to have labelled keypoints, but {test} has none; name a labelled set.")
