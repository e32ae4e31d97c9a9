# SPDX-License-Identifier: Apache-2.0
"""Which settings a trial tries: a pure function of the seed, the trial's number and the trials before it.

In contrast to a sampler that lives in a data base of its own: it is built anew for each trial from what lies in the run
folder, so a trial that was killed is proposed again exactly as it was. This is the one module that imports Optuna.
"""

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for
from handcraft.studies.tuning.config import TuningConfig
from handcraft.studies.tuning.space import LOGARITHMIC, Settings, settings_of

_STREAM = 0x709E


@dataclass(frozen=True)
class Tried:
    """A finished trial as a proposal needs it: its settings and the estimator's error, infinite where it diverged."""

    settings: Settings
    error_px: float


def proposed(config: TuningConfig, before: Sequence[Tried]) -> Settings:
    """The settings of the trial after those ``before``; the first has the preset's own.

    Raises:
        HandcraftError: Optuna is not installed.
    """
    if not before:
        return settings_of(config.refiner)
    optuna = expect_optuna()
    space = _distributions(config, optuna)
    seed = int(generator_for(config.seed, _STREAM, len(before)).initial_seed() % 2**32)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=1 + config.random_trials)
    with _quiet(optuna):
        study = optuna.create_study(direction="minimize", sampler=sampler)
        for each in before:
            study.add_trial(_finished(each, space, optuna))
        return dict(study.ask(space).params)


def expect_optuna() -> ModuleType:
    """Optuna, or one line that says how to get it."""
    try:
        import optuna
    except ImportError as error:
        raise HandcraftError(
            f"Expected Optuna, which proposes settings, but {error}; run `pip install 'handcraft[tune]'`."
        ) from error
    return optuna


def _distributions(config: TuningConfig, optuna: ModuleType) -> dict[str, Any]:
    kinds = optuna.distributions
    ranges, choices = config.space.ranges(config.refiner), config.space.choices(config.refiner)
    return {
        name: kinds.FloatDistribution(low, high, log=name in LOGARITHMIC) for name, (low, high) in ranges.items()
    } | {name: kinds.CategoricalDistribution(values) for name, values in choices.items()}


def _finished(tried: Tried, space: dict[str, Any], optuna: ModuleType) -> Any:  # noqa: ANN401 (Optuna's trial)
    if math.isfinite(tried.error_px):
        return optuna.trial.create_trial(params=tried.settings, distributions=space, value=tried.error_px)
    pruned = optuna.trial.TrialState.PRUNED
    return optuna.trial.create_trial(state=pruned, params=tried.settings, distributions=space)


@contextlib.contextmanager
def _quiet(optuna: ModuleType) -> Iterator[None]:
    """Without Optuna's own lines: progress is told elsewhere."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
