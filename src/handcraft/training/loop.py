# SPDX-License-Identifier: Apache-2.0
"""The training loop, once for all stages: step, log, checkpoint, draw, and go on after any kill as if nothing was.

In contrast to other loops: a learner resumed after ``kill -9`` ends bit for bit where it would have ended (on the CPU),
because whatever is random in step ``n`` depends on (seed, n) only; a loss that is no number stops the run and spoils
no checkpoint; Ctrl-C and SIGTERM finish the step, save and say how to go on.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from handcraft.errors import HandcraftError
from handcraft.training.checkpoint import load_checkpoint, save_checkpoint
from handcraft.training.devices import process_index
from handcraft.training.disk import refused_by_disk
from handcraft.training.interruption import Interruption
from handcraft.training.progress import TrainingProgress
from handcraft.training.provenance import command_line
from handcraft.training.record import first_difference
from handcraft.training.run_folder import RunFolder
from handcraft.training.scalars import RunningMeans, WriteScalars, tensorboard_scalars
from handcraft.training.seeding import forked_rng
from handcraft.training.session import session_of

_STEP_STREAM = 0x57E9  # keeps torch's global generator during a step apart from other uses of the run's seed
_DRAW_STREAM = 0xD4A3
_VALIDATION_STREAM = 0x7A1D


class DivergenceError(HandcraftError):
    """A loss is no number. Another seed or other settings may train; these, from here, never will."""


@runtime_checkable
class Learner(Protocol):
    """What can be trained. Everything random in ``step`` and ``draw`` must follow from the run's seed and the step.

    torch's global generator (dropout draws from it) is seeded by the loop from (seed, step) and needs no care.
    """

    kind: str
    """The checkpoint's kind, e.g. ``cyclegan``."""

    def step(self, step: int) -> dict[str, float]:
        """Do step number ``step`` (0, 1, ...) and return its losses by name; the names must not change."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """All that later steps depend on: weights, optimisers, pools. Tensors and plain values only."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a state; its tensors are on the CPU."""
        ...

    def draw(self, path: Path) -> None:
        """Write a PNG of fixed samples to ``path``; must change nothing that training depends on."""
        ...


@runtime_checkable
class ValidatingLearner(Learner, Protocol):
    """A learner that also judges itself on what it does not train on."""

    def validate(self) -> dict[str, float]:
        """Figures of a whole validation set by name; none without one. Must change nothing training depends on."""
        ...


@dataclass(frozen=True)
class LoopConfig:
    """How long to train and how often to write, counted in steps. May change when a run is resumed."""

    steps: int
    """Steps in all, those before a resumption included."""
    log_every: int = 20
    """A line of mean losses in ``metrics.jsonl``."""
    checkpoint_every: int = 500
    """A checkpoint: what a kill can lose at most."""
    draw_every: int = 500
    """A picture of fixed samples."""
    validate_every: int = 500
    """A look at the whole validation set, for learners that have one."""

    def __post_init__(self) -> None:
        for name in ("steps", "log_every", "checkpoint_every", "draw_every", "validate_every"):
            if getattr(self, name) < 1:
                raise HandcraftError(f"Expected `{name}` to be at least 1, but got {getattr(self, name)}.")


def train(learner: Learner, config: LoopConfig, run: RunFolder, *, resume: bool, progress: bool = True) -> None:
    """Train ``learner`` to ``config.steps`` steps, writing into ``run``; with ``resume`` from its checkpoint, if any.

    Ends with a checkpoint and a picture. Raises HandcraftError when a loss is no number, a checkpoint does not fit, the
    disk refuses or another process trains into the folder, and KeyboardInterrupt after Ctrl-C or SIGTERM; the newest
    checkpoint is whole after each of these. Every process of a data-parallel run calls this; the main one writes.
    """
    with session_of(run):
        _Training(learner, config, run, resume=resume).to_the_end(shown=progress and run.writes)


class _Training:
    """One session of a run: its learner, the steps done so far, the losses since the last log line."""

    def __init__(self, learner: Learner, config: LoopConfig, run: RunFolder, *, resume: bool) -> None:
        self.learner, self.config, self.run = learner, config, run
        self.done, self.saved = 0, 0
        self.means = RunningMeans()
        if run.checkpoint.exists():
            if not resume:
                raise HandcraftError(f"Expected {run.path} to have no checkpoint yet, but it has one; add --resume.")
            self._load()
        run.clear_leftovers()
        run.cut_metrics(self.done or -1)  # without a checkpoint even lines of step 0 will be written anew
        run.update(loop=config)

    def to_the_end(self, *, shown: bool) -> None:
        board = tensorboard_scalars(self.run.path / "tensorboard", first=self.done, writes=self.run.writes)
        bar = TrainingProgress(self.run.stage, first=self.done, steps=self.config.steps, shown=shown)
        with board as write, bar, Interruption() as interruption:
            while self.done < self.config.steps:
                self._step()
                self._tell(write, bar)
                if self._is_due(self.config.checkpoint_every):
                    self._save()
                if self._is_due(self.config.draw_every):
                    self._draw()
                if interruption.requested() and self.done < self.config.steps:
                    self._save()
                    raise KeyboardInterrupt(self._how_to_go_on())
        if not self._picture().exists():  # killed earlier, between the last checkpoint and this
            self._draw()

    def _step(self) -> None:
        with forked_rng(self.run.seed, _STEP_STREAM, self.done, process_index()):
            losses = self.learner.step(self.done)
        for name, value in losses.items():
            if not math.isfinite(value):
                raise DivergenceError(
                    f"Expected `{name}` to be finite, but got {value} in step {self.done + 1}; "
                    f"{f'the checkpoint of step {self.saved} is kept' if self.saved else 'no checkpoint was due yet'}. "
                    "Try a lower learning rate, float32 instead of bfloat16, or another seed, in a new folder."
                )
        self.means.add(losses)
        self.done += 1

    def _tell(self, write: WriteScalars, bar: TrainingProgress) -> None:
        means: Mapping[str, float] = {}
        if self._is_due(self.config.log_every):
            means = self.means.take()
        if isinstance(self.learner, ValidatingLearner) and self._is_due(self.config.validate_every):
            with forked_rng(self.run.seed, _VALIDATION_STREAM):
                means = {**means, **self.learner.validate()}
        if means:
            self.run.log(self.done, means)
            write(self.done, means)
        bar.advance(self.done, means)

    def _is_due(self, every: int) -> bool:
        return self.done % every == 0 or self.done == self.config.steps

    def _save(self) -> None:
        if not self.run.writes or self.saved == self.done:
            return
        self.run.sync_metrics()
        means = {"sums": self.means.sums, "count": self.means.count}
        state = {"learner": self.learner.state_dict(), "means": means}
        kind, config = self.learner.kind, self.run.config
        save_checkpoint(self.run.checkpoint, kind=kind, config=config, step=self.done, state=state)
        self.saved = self.done
        self.run.update(step=self.done)

    def _load(self) -> None:
        path = self.run.checkpoint
        saved = load_checkpoint(path, kind=self.learner.kind)
        difference = first_difference(saved.config, self.run.config)
        if difference:
            name, before, now = difference
            raise HandcraftError(f"Expected `{name}` to be {before!r} as in {path}, but got {now!r}; use that value.")
        if saved.step > self.config.steps:
            raise HandcraftError(
                f"Expected `steps` to be at least {saved.step}, which {path} has done, but got {self.config.steps}."
            )
        try:
            self.learner.load_state_dict(saved.state["learner"])
            self.means = RunningMeans(**saved.state["means"])
        except (RuntimeError, KeyError, ValueError, TypeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise HandcraftError(f"Expected {path} to fit the configuration, but it does not: {reason}.") from error
        self.done = self.saved = saved.step

    def _picture(self) -> Path:
        return self.run.pictures / f"step-{self.done:07d}.png"

    def _draw(self) -> None:
        if self.run.writes:
            path = self._picture()
            beside = path.with_name(f".{path.name}")
            with refused_by_disk(path), forked_rng(self.run.seed, _DRAW_STREAM):
                self.learner.draw(beside)
                beside.replace(path)

    def _how_to_go_on(self) -> str:
        command = command_line()
        again = command if "--resume" in command else f"{command} --resume"
        return f"Stopped after step {self.done} of {self.config.steps} and saved it. Go on with: {again}"
