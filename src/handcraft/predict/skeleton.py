# SPDX-License-Identifier: Apache-2.0
"""The 21 keypoints as this room knows them: their names, the bones between them, a colour per finger.

The same as in ``handcraft.hand.skeleton``, which needs torch beside it and lies downstream; a test compares the two.
"""

FINGERS = ("thumb", "index", "middle", "ring", "little")

KEYPOINTS = (
    "wrist",
    *(f"thumb_{joint}" for joint in ("cmc", "mcp", "ip", "tip")),
    *(f"{finger}_{joint}" for finger in FINGERS[1:] for joint in ("mcp", "pip", "dip", "tip")),
)

WRIST = KEYPOINTS.index("wrist")
MIDDLE_MCP = KEYPOINTS.index("middle_mcp")

BONES = tuple((0 if (child - 1) % 4 == 0 else child - 1, child) for child in range(1, len(KEYPOINTS)))
"""The 20 bones as (parent, child) indices into ``KEYPOINTS``."""

FINGER_COLOURS = {
    "wrist": (0.55, 0.55, 0.55),
    "thumb": (0.90, 0.23, 0.21),
    "index": (0.96, 0.65, 0.14),
    "middle": (0.30, 0.69, 0.31),
    "ring": (0.16, 0.55, 0.87),
    "little": (0.61, 0.30, 0.80),
}
"""RGB in [0, 1]."""


def colour_of(keypoint: int) -> tuple[int, int, int]:
    """RGB in 0 to 255 of the finger that the keypoint with this index belongs to."""
    red, green, blue = FINGER_COLOURS[KEYPOINTS[keypoint].partition("_")[0]]
    return round(255 * red), round(255 * green), round(255 * blue)
