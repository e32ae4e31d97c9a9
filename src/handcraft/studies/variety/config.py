# SPDX-License-Identifier: Apache-2.0
"""Which trainings are compared: everything on, and each source of variety off in turn."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from handcraft.errors import HandcraftError, expect_at_least, expect_one_of
from handcraft.estimate.hand import HAND_SMOKE, HandNetConfig
from handcraft.estimate.hand.reading import AS_TAKEN
from handcraft.training import LoopConfig

EVERYTHING = "everything"
ARMS = {
    "forearm": "without forearm",
    "spectrum": "without camera effects",
    "pose_prior": "without pose prior",
    "occlusion": "without occlusion",
    "backdrops": "without backdrops",
    "look": "without photometric range",
}
"""Switches of ``StreamConfig``, and the look of crops; and what an arm without each is called."""


@dataclass(frozen=True)
class VarietyConfig:
    """Sizes of the trainings and of the test.

    Raises:
        HandcraftError: seeds that are none, or not different.
    """

    hand: HandNetConfig = field(default_factory=lambda: HandNetConfig(loop=LoopConfig(1_500, 25, 250, 750)))
    """The training that every arm shares but for what it lacks."""
    test_count: int = 1_024
    """Renders of other hands, with everything on."""
    seeds: tuple[int, ...] = (0,)
    """Training seeds: every arm is trained once for each."""
    without: tuple[str, ...] = tuple(ARMS)
    """What is switched off in turn: names of ``ARMS``."""

    def __post_init__(self) -> None:
        expect_at_least(16, test_count=self.test_count)
        for switch in self.without:
            expect_one_of(ARMS, without=switch)
        if not self.seeds or len(set(self.seeds)) != len(self.seeds):
            raise HandcraftError(f"Expected `seeds` to be different numbers, at least one, but got {self.seeds}.")

    def arms(self, seed: int) -> dict[str, HandNetConfig]:
        """The configuration of every training with one seed, by the name of its arm."""
        whole = dataclasses.replace(self.hand, seed=seed)
        return {EVERYTHING: whole, **{ARMS[switch]: _without(switch, whole) for switch in self.without}}


def _without(switch: str, whole: HandNetConfig) -> HandNetConfig:
    if switch == "look":
        return dataclasses.replace(whole, crops=dataclasses.replace(whole.crops, look=AS_TAKEN))
    off: dict[str, Any] = {switch: False}
    return dataclasses.replace(whole, stream=dataclasses.replace(whole.stream, **off))


SMOKE_VARIETY = VarietyConfig(hand=HAND_SMOKE, test_count=32)
"""A minute: shows that everything runs. Its figures mean nothing."""

LAPTOP_VARIETY = VarietyConfig()
"""Seven trainings of 96,000 crops: two to three hours on two cores."""
