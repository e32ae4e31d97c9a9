# SPDX-License-Identifier: Apache-2.0
"""The names of a hand: fingers, keypoints, bones and parts. Orders are tuples of names; permutations are computed.

The 21-keypoint order is the one OpenPose, FreiHAND and MediaPipe share: wrist, then thumb, index, middle, ring and
little finger from the palm outwards.
"""

from typing import Literal

Side = Literal["right", "left"]

FINGERS = ("thumb", "index", "middle", "ring", "little")

KEYPOINTS = (
    "wrist",
    *(f"thumb_{joint}" for joint in ("cmc", "mcp", "ip", "tip")),
    *(f"{finger}_{joint}" for finger in FINGERS[1:] for joint in ("mcp", "pip", "dip", "tip")),
)

PART_NAMES_BY_FINGER = {
    "thumb": ("thumb_metacarpal", "thumb_proximal", "thumb_distal"),
    **{
        finger: tuple(f"{finger}_{segment}" for segment in ("proximal", "middle", "distal", "tip"))
        for finger in FINGERS[1:]
    },
}

PARTS = ("palm", *(part for finger in FINGERS for part in PART_NAMES_BY_FINGER[finger]))
"""The 20 parts: palm, three of the thumb, four of each finger whose distal segment is split at half its length.

A part image holds 0 for background, ``part_id(name)`` for a part and ``FOREARM_ID`` for the forearm, which is no part
of the hand. The legend of Neverova et al. (seed 004) is a figure; this reading of it follows its counts.
"""

FOREARM_ID = len(PARTS) + 1

OCCLUDER_ID = FOREARM_ID + 1
"""In part images: what hides the hand, an object or another hand."""

FINGER_COLOURS = {
    "wrist": (0.55, 0.55, 0.55),
    "thumb": (0.90, 0.23, 0.21),
    "index": (0.96, 0.65, 0.14),
    "middle": (0.30, 0.69, 0.31),
    "ring": (0.16, 0.55, 0.87),
    "little": (0.61, 0.30, 0.80),
}
"""RGB in [0, 1], one per finger, for every picture with a skeleton in it."""


def part_id(name: str) -> int:
    """The value a part has in a part image (1 to 20)."""
    return PARTS.index(name) + 1


def finger_of(name: str) -> str:
    """The finger a keypoint or part belongs to; ``wrist`` and ``palm`` stand for themselves."""
    return name.split("_", maxsplit=1)[0]


def _parent(keypoint: str) -> str:
    index = KEYPOINTS.index(keypoint)
    return "wrist" if (index - 1) % 4 == 0 else KEYPOINTS[index - 1]


BONES = tuple((KEYPOINTS.index(_parent(name)), KEYPOINTS.index(name)) for name in KEYPOINTS[1:])
"""The 20 bones as (parent, child) indices into ``KEYPOINTS``."""


def reorder(target: tuple[str, ...], source: tuple[str, ...]) -> list[int]:
    """Indices that bring an axis from the order ``source`` into the order ``target``, matched by name.

    ``values_target = values_source[..., reorder(target, source), :]``

    Raises:
        ValueError: a target name that ``source`` does not have.
    """
    missing = [name for name in target if name not in source]
    if missing:
        raise ValueError(f"Expected every target name in the source order, but {missing} are missing.")
    return [source.index(name) for name in target]
