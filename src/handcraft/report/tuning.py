# SPDX-License-Identifier: Apache-2.0
"""What ``handcraft tune`` adds to ``results.json``, and its chart: every trial's error in the order of the search."""

from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from handcraft.errors import HandcraftError
from handcraft.measure import Estimate
from handcraft.report.inline_svg import GOOD, MUTED, SERIES, figure, svg_from_figure


@dataclass(frozen=True)
class TunedTrial:
    """One trial of a search."""

    number: int
    settings: dict[str, Any]
    error_px: Estimate | None = None
    """Mean keypoint error on the validation set; None where training was given up."""
    note: str = ""


@dataclass(frozen=True)
class Tuning:
    """A search over settings."""

    baseline_px: float
    """Error of the estimator trained on raw renders."""
    trials: tuple[TunedTrial, ...] = field(default=())
    best: int | None = None
    """The number of the best trial; None if all were given up."""
    best_folder: str = ""
    """Where its refiner lies in the run folder."""

    def __post_init__(self) -> None:
        """Refuse a search without trials, trials with different settings, and a best one that is not there."""
        if not self.trials:
            raise HandcraftError("Expected at least one of `tuning.trials`, but got none")
        if any(list(trial.settings) != self.names for trial in self.trials):
            raise HandcraftError("Expected all of `tuning.trials` to have the same settings, but they differ")
        scored = [trial.number for trial in self.trials if trial.error_px is not None]
        if self.best is not None and self.best not in scored:
            raise HandcraftError(f"Expected `tuning.best` to be a trial with an error, but got {self.best}")

    @property
    def names(self) -> list[str]:
        """Of the settings, in their order."""
        return list(self.trials[0].settings)

    @property
    def best_trial(self) -> TunedTrial | None:
        """The trial with the lowest error."""
        return next((trial for trial in self.trials if trial.number == self.best), None)

    @property
    def is_beaten(self) -> bool:
        """Whether some trial beats the raw renders."""
        best = self.best_trial
        return best is not None and best.error_px is not None and best.error_px.value < self.baseline_px


def setting_in_words(value: Any) -> str:  # noqa: ANN401 (whatever JSON holds)
    """A setting as the table shows it.

    >>> setting_in_words(0.000512345), setting_in_words("pixels")
    ('0.000512', 'pixels')
    """
    return f"{value:.3g}" if isinstance(value, float) else str(value).replace("_", " ")


def tuning_svg(tuning: Tuning, *, name: str) -> Markup:
    """Error of every trial with its interval, the best so far as a line, the raw renders dashed."""
    scored = [(trial.number, trial.error_px) for trial in tuning.trials if trial.error_px is not None]
    with figure(3.6) as drawn:
        axes = drawn.subplots()
        axes.axhline(tuning.baseline_px, color=MUTED, linestyle=(0, (6, 3)), label="raw renders")
        for number, error in scored:
            if error.has_interval:
                axes.plot([number, number], [error.low, error.high], "-", color=SERIES[0], linewidth=1.5)
        numbers, errors = [number for number, _ in scored], [error.value for _, error in scored]
        axes.plot(numbers, errors, "o", color=SERIES[0], markersize=6, label="trial")
        so_far = [min(errors[: count + 1]) for count in range(len(errors))]
        axes.plot(numbers, so_far, color=GOOD, drawstyle="steps-post", linewidth=2, label="best so far")
        axes.set_xlim(0.5, len(tuning.trials) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("trial")
        axes.set_ylabel("mean validation error, px")
        drawn.legend(loc="outside lower center", ncols=3)
        words = "; ".join(f"trial {number} {error} px" for number, error in scored)
        return svg_from_figure(
            drawn, name=name, description=f"Error of each trial: {words}. Raw renders {tuning.baseline_px:.2f} px."
        )
