# SPDX-License-Identifier: Apache-2.0
"""The search from end to end: the raw renders once, trial after trial, figures, ``results.json``."""

import dataclasses
import sys
from pathlib import Path
from typing import Any

from handcraft.data import PreparedSet
from handcraft.files import write_json_atomically
from handcraft.studies.tuning.config import TuningConfig
from handcraft.studies.tuning.figures import figures
from handcraft.studies.tuning.proposals import Tried, expect_optuna, proposed
from handcraft.studies.tuning.trials import Trial, TuningSets, run_trial, scored_estimator, trial_folder
from handcraft.training import Device, RunFolder, session_of


def tune(
    run_path: Path, sets: TuningSets, config: TuningConfig, *, resume: bool = False, device: Device = "auto"
) -> dict[str, Any]:
    """Search into ``run_path`` and return what ``results.json`` there holds.

    The estimator's mean error on ``sets.validation`` decides (seed 000, section 5.1.1). That set is used up by it: what
    is reported of the best settings must come from a test set of other people.

    Args:
        run_path: the run folder; with ``resume`` finished trials are kept, and one that was killed goes on.
        sets: what refiners and estimators are trained on and scored with.
        config: what is searched. Only ``trials`` may differ when a search is resumed.
        resume: go on with the search in ``run_path``, if there is one.
        device: what refiners are trained on.

    Raises:
        HandcraftError: Optuna is missing, unlabelled sets, a folder in use, another configuration than before.
    """
    expect_optuna()
    inputs = {each.name: _named(getattr(sets, each.name)) for each in dataclasses.fields(sets)}
    run = RunFolder.create(
        run_path, stage="tune", config=_lasting(config), seed=config.seed, inputs=inputs, resume=resume
    )
    with session_of(run):
        run.clear_leftovers()
        raw_px = scored_estimator(run_path / "raw-renders", sets.rendered, config, sets)
        trials: list[Trial] = []
        while len(trials) < config.trials:
            trials.append(_next_trial(run_path, trials, sets, config, device))
            run.update()
            write_json_atomically(run_path / "results.json", figures(run, config, sets, raw_px, trials))
    return figures(run, config, sets, raw_px, trials)


def _next_trial(run: Path, before: list[Trial], sets: TuningSets, config: TuningConfig, device: Device) -> Trial:
    number = len(before) + 1
    settings = proposed(config, [Tried(each.settings, each.error_px) for each in before])
    print(f"trial {number} of {config.trials}: {_in_words(settings)}", file=sys.stderr)
    trial = run_trial(trial_folder(run, number), number, settings, config, sets, device)
    print(f"trial {number}: {trial.note or f'mean error {trial.error_px:.2f} px'}", file=sys.stderr)
    return trial


def _in_words(settings: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in settings.items()
    )


def _lasting(config: TuningConfig) -> dict[str, Any]:
    """All that must stay the same when a search is resumed; how many trials there are may change."""
    return {each.name: getattr(config, each.name) for each in dataclasses.fields(config) if each.name != "trials"}


def _named(images: PreparedSet) -> dict[str, str | int | bool]:
    return {"source": images.source, "images": len(images), "size_px": images.size, "is_real": images.is_real}
