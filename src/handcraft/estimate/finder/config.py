# SPDX-License-Identifier: Apache-2.0
"""What a finder is and how it is trained, as one value; the presets are such values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from handcraft.errors import HandcraftError, expect_above, expect_at_least, expect_below_one
from handcraft.estimate.degrade import DegradeConfig
from handcraft.scene import PlacementConfig, SceneConfig
from handcraft.training import Device, LoopConfig, Precision

SLOTS = 3
"""Hands in a composed scene, at most."""
STRIDE_PX = 8
"""One cell of the finder's maps is so many pixels wide."""
COARSEST_PX = 32
"""One cell of its coarsest maps."""


@dataclass(frozen=True)
class ComposedConfig:
    """What composed scenes are like.

    Raises:
        HandcraftError: shares outside 0 to 1, or sizes that do not rise.
    """

    hands: tuple[float, ...] = (0.2, 0.45, 0.25, 0.1)
    """How often there is no hand, one, two, three: weights, which need not add up to one."""
    size: tuple[float, float] = (0.12, 0.95)
    """Longer side of the box around the keypoints over the longer side of the picture, log-uniform; hands that share
    a picture are smaller."""
    outside_share: float = 0.2
    """Hands that may stick out of the picture; the others are inside as far as they fit."""
    even_share: float = 0.4
    """Pictures with an even backdrop or a gradient; the others have texture."""
    distractors: int = 4
    """Shapes, faces, patches of renders and bare forearms behind the hands: so many of each kind at most."""
    shadow_share: float = 0.4
    """Hands that throw a soft shadow on what is behind them."""
    sleeve_share: float = 0.4
    """Forearms that end in a sleeve somewhere beyond what the render shows."""
    cover_share: float = 0.15
    """Pictures with a shape before the hands."""
    grey_share: float = 0.06
    """Pictures without colour."""
    jpeg_share: float = 0.3
    """Pictures that went through JPEG compression at this small size."""
    degrade: DegradeConfig = field(default_factory=lambda: DegradeConfig(blur=0.7, noise=0.02))
    """How the look of the whole picture is changed."""

    def __post_init__(self) -> None:
        for name in ("outside_share", "even_share", "shadow_share", "sleeve_share", "cover_share", "grey_share"):
            _expect_share(name, getattr(self, name))
        _expect_share("jpeg_share", self.jpeg_share)
        expect_at_least(0, distractors=self.distractors)
        if len(self.hands) != SLOTS + 1 or min(self.hands) < 0 or sum(self.hands) <= 0:
            raise HandcraftError(f"Expected `hands` to be {SLOTS + 1} weights of at least 0, but got {self.hands}.")
        if not 0 < self.size[0] <= self.size[1]:
            raise HandcraftError(f"Expected `size` to be two rising shares above 0, but got {self.size}.")


def _expect_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise HandcraftError(f"Expected `{name}` to be from 0 to 1, but got {value}.")


@dataclass(frozen=True)
class FinderConfig:
    """Configuration of a finder and its training.

    Raises:
        HandcraftError: a value that cannot be trained with.
    """

    image_px: int = 160
    """Side of the square that pictures are fitted into."""
    channels: tuple[int, int, int, int, int] = (12, 24, 40, 64, 80)
    """Of the maps at a half, a quarter, an eighth, a sixteenth and a thirty-second of the picture's size."""
    peaks: int = 6
    """Hands that are told of a picture, at most."""
    scenes: ComposedConfig = field(default_factory=ComposedConfig)
    render_px: int = 128
    """Side of the renders that hands are cut out of."""
    block: int = 2048
    """Hands that are rendered at a time, then composed into scenes until the next are."""
    block_steps: int = 300
    """Steps trained on each block."""
    egocentric_share: float = 0.25
    """Hands that are seen by their owner."""
    steps: int = 3000
    batch_size: int = 32
    learning_rate: float = 6e-3
    """Peak of the one-cycle schedule, of Muon."""
    weight_decay: float = 0.01
    average_decay: float = 0.998
    """Of the moving average of the weights, which is what the finder is in the end."""
    seed: int = 0
    device: Device = "auto"
    precision: Precision = "auto"
    log_every: int = 20
    checkpoint_every: int = 200
    draw_every: int = 500

    def __post_init__(self) -> None:
        expect_at_least(1, peaks=self.peaks, steps=self.steps, batch_size=self.batch_size, block_steps=self.block_steps)
        expect_at_least(1, channels=min(self.channels))
        expect_at_least(2, block=self.block)
        expect_at_least(0, weight_decay=self.weight_decay)
        expect_above(0, learning_rate=self.learning_rate)
        expect_below_one(average_decay=self.average_decay, egocentric_share=self.egocentric_share)
        if self.image_px % COARSEST_PX or self.image_px < 2 * COARSEST_PX:
            raise HandcraftError(
                f"Expected `image_px` to be a multiple of {COARSEST_PX} from {2 * COARSEST_PX} on, "
                f"but got {self.image_px}."
            )

    @property
    def loop(self) -> LoopConfig:
        """The loop's share of the configuration."""
        return LoopConfig(self.steps, self.log_every, self.checkpoint_every, self.draw_every)

    @property
    def renders(self) -> list[tuple[SceneConfig, int]]:
        """Whose renders a block is made of, and how many of each."""
        others = SceneConfig(look="photographic", size_px=self.render_px, placement=PlacementConfig(fill=(0.4, 0.8)))
        own = replace(others, placement=PlacementConfig(view="egocentric", tilt_deg=30.0))
        counted = round(self.egocentric_share * self.block)
        return [(scene, count) for scene, count in ((others, self.block - counted), (own, counted)) if count]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "FinderConfig":
        """The configuration a run folder or checkpoint remembers."""
        try:
            scenes = dict(data["scenes"])
            parts = {"degrade": DegradeConfig(**scenes["degrade"])}
            tuples = {name: tuple(scenes[name]) for name in ("hands", "size")}
            return cls(
                **{**data, "channels": tuple(data["channels"]), "scenes": ComposedConfig(**scenes | parts | tuples)}
            )
        except (TypeError, KeyError) as error:
            raise HandcraftError(f"Expected the configuration of a finder, but it does not fit: {error}.") from error


FINDER_SMOKE = FinderConfig(
    image_px=64, channels=(4, 4, 8, 8, 8), render_px=32, block=16, block_steps=2, steps=4, batch_size=4, log_every=2,
    checkpoint_every=2, draw_every=4, precision="float32",
)  # fmt: skip
"""Seconds: shows that everything runs, learns nothing."""

FINDER_LAPTOP = FinderConfig()
"""3000 steps of 32."""

FINDER_SHIPPED = FinderConfig(steps=6500)
"""As many steps as the finder in the package was trained for, by AdamW then (docs/model-card.md)."""
