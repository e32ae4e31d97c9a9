# SPDX-License-Identifier: Apache-2.0
"""What the sensors do that look at a scene: a switch for every effect, so that each can be measured alone."""

from dataclasses import dataclass, fields

from handcraft.errors import HandcraftError, expect_at_least


@dataclass(frozen=True)
class SensorConfig:
    """Which effects a colour camera has. Each draws from numbers of its own: switching one leaves the others alone."""

    lens_blur: bool = True
    motion_blur: bool = False
    """The picture is smeared along one direction, as by a camera or hand that moves while the shutter is open."""
    vignetting: bool = False
    """Corners are darker than the middle."""
    exposure: bool = True
    """A meter brings the picture to a middling brightness, more or less; without it light is taken as it is."""
    white_balance: bool = True
    noise: bool = True
    """Of the light itself (shot noise) and of the electronics (read noise)."""
    compression: bool = True
    """JPEG."""

    @staticmethod
    def without_effects() -> "SensorConfig":
        """A perfect camera: its picture is the light, encoded as sRGB."""
        return SensorConfig(**{field.name: False for field in fields(SensorConfig)})


@dataclass(frozen=True)
class DepthSensorConfig:
    """A depth camera beside the colour camera, of the kind that compares two views of a pattern (structured light)."""

    present: bool = False
    """Adds `sensed_depth_m` to the samples."""
    noise: bool = True
    """Depth is off by a spread that grows with its square."""
    quantisation: bool = True
    """Disparity is known in steps, so depth comes in steps that grow with its square."""
    edges: bool = True
    """Pixels at the rim of surfaces and on surfaces seen at a grazing angle are often missing."""
    shadow: bool = True
    """Pixels that the projector, beside the camera, does not reach are missing."""
    limits: bool = True
    """Pixels nearer or farther than `range_m` are missing."""
    range_m: tuple[float, float] = (0.2, 4.0)
    baseline_m: float = 0.055
    """From the camera to the projector, to the right; a minus sign puts it to the left."""

    def __post_init__(self) -> None:
        expect_at_least(0.0, range_m=self.range_m[0])
        if not self.range_m[0] < self.range_m[1]:
            raise HandcraftError(f"Expected `range_m` to be two rising distances, but got {self.range_m}.")
