# SPDX-License-Identifier: Apache-2.0
"""Which renders the hand network is trained on: a stream with everything the generator can vary.

Switches turn each source of variety off, so that what it is worth can be measured. Views, wear, sensor and hand can be
the user's own: a network for gloves, for another camera, for another hand.
"""

from dataclasses import dataclass, field
from pathlib import Path

from handcraft.errors import HandcraftError, expect_at_least
from handcraft.hand.anny_hand import PHENOTYPES
from handcraft.hand.mano_hand import BETAS
from handcraft.hand.poses import PoseConfig
from handcraft.scene import OccluderConfig, PlacementConfig, SceneConfig, SensorConfig, WearConfig


@dataclass(frozen=True)
class StreamConfig:
    """The renders of a training run, made on the fly.

    Raises:
        HandcraftError: a block too small to be shared out, or shares that are none.
    """

    shares: tuple[float, float, float] = (0.5, 0.35, 0.15)
    """Of hands seen square, seen from anywhere, and seen by their owner: weights, which need not add up to one."""

    render_px: int = 160
    """Side of the renders that crops are cut from."""
    block: int = 2048
    """Renders made at a time, and shuffled together."""
    passes: int = 8
    """How often each render is used, in another crop and look each time, before the next block is rendered."""
    forearm: bool = True
    """Without it hands end at the wrist."""
    spectrum: bool = True
    """Blur, exposure, white balance, noise and compression of a camera; without it pictures are the light itself."""
    pose_prior: bool = True
    """Neighbouring fingers curl together; without it each finger curls by itself."""
    occlusion: bool = True
    """Objects and other hands in the way."""
    backdrops: bool = True
    """Textured backdrops; without it every backdrop is an even grey."""
    wear: WearConfig = field(default_factory=WearConfig)
    """What hands wear; `--stream.wear.glove-share 1` for a network that reads gloves."""
    sensor: SensorConfig = field(default_factory=lambda: SensorConfig(motion_blur=True, vignetting=True))
    """What the camera does to pictures."""
    mano: Path | None = None
    """The user's own MANO file: its hand in place of Anny's."""

    def __post_init__(self) -> None:
        if min(self.shares) < 0 or sum(self.shares) <= 0:
            raise HandcraftError(f"Expected `shares` to be weights of at least 0, not all 0, but got {self.shares}.")
        expect_at_least(1, passes=self.passes)
        expect_at_least(32, block=self.block, render_px=self.render_px)

    @property
    def shape_names(self) -> tuple[str, ...]:
        """What the hand's shape is told by."""
        return PHENOTYPES if self.mano is None else BETAS

    def scenes(self) -> list[tuple[SceneConfig, int]]:
        """What is rendered for a block, and how much of each."""
        square, turned = (round(self.block * share / sum(self.shares)) for share in self.shares[:2])
        counts = square, turned, self.block - square - turned
        pairs = zip(_placements(), counts, strict=True)
        return [(self._scene(placement), count) for placement, count in pairs if count > 0]

    def _scene(self, placement: PlacementConfig) -> SceneConfig:
        return SceneConfig(
            look="photographic",
            size_px=self.render_px,
            placement=placement,
            forearm=self.forearm,
            spectrum="camera" if self.spectrum else "clean",
            sensor=self.sensor,
            wear=self.wear,
            mano=self.mano,
            pose=PoseConfig(neighbour_correlation=0.6 if self.pose_prior else 0.0),
            occlusion=OccluderConfig(0.15, 0.15) if self.occlusion else OccluderConfig(),
            backdrop="textured" if self.backdrops else "even",
        )


def _placements() -> tuple[PlacementConfig, ...]:
    fill = (0.45, 0.75)
    return (
        PlacementConfig(fill=fill),
        PlacementConfig(fill=fill, turn_deg=75.0, tilt_deg=60.0),
        PlacementConfig(view="egocentric"),
    )
