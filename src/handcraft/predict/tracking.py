# SPDX-License-Identifier: Apache-2.0
"""Hands through the frames of a video: each is looked for where it was, and its keypoints are kept calm.

The finder runs when no hand is known, when one has gone, and now and then for hands that come in; every other frame
costs one run of the hand network. The next frame's crop follows the keypoints as they were read, so that smoothing
never makes a crop lag behind its hand.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from handcraft.errors import expect_at_least
from handcraft.predict.hand import Box, Hand, box_around, is_same_hand, nearest_rotation, overlap, turn_of
from handcraft.predict.one_euro import OneEuroConfig, OneEuroFilter
from handcraft.predict.pictures import AnyPicture, Picture, open_picture
from handcraft.predict.predictor import OVERLAP_OF_ONE_HAND, Place, Predictor

_SIDE_CUTOFF_HZ = 0.5


@dataclass(frozen=True)
class TrackingConfig:
    """How hands are followed."""

    frames_between_looks: int = 30
    """While all known hands are in sight, the finder looks for others once in so many frames."""
    smoothing: OneEuroConfig = field(default_factory=OneEuroConfig)
    """For keypoints; its unit of speed is the hand's longer side (in 3D: its length) in a second."""

    def __post_init__(self) -> None:
        expect_at_least(1, frames_between_looks=self.frames_between_looks)


class TrackedHand(NamedTuple):
    """A hand and the number it keeps from frame to frame; numbers are never given twice."""

    track: int
    hand: Hand


class Tracker:
    """Follows hands through the frames of one video."""

    def __init__(self, predictor: Predictor, config: TrackingConfig | None = None) -> None:
        self._predictor = predictor
        self._config = config or TrackingConfig()
        self._tracks: list[_Track] = []
        self._numbers = 0
        self._frames_since_look = 0

    def hands(self, frame: AnyPicture, time_s: float) -> list[TrackedHand]:
        """The hands of the next frame, smoothed, the longest known first.

        Args:
            frame: the picture.
            time_s: when it was taken; later than the frame before.
        """
        picture = open_picture(frame)
        known = self._follow(picture)
        self._frames_since_look += 1
        has_lost = len(known) < len(self._tracks)
        self._tracks = known
        if not known or has_lost or self._frames_since_look >= self._config.frames_between_looks:
            self._tracks = known + self._newcomers(picture)
            self._frames_since_look = 0
        return [TrackedHand(track.number, track.smoothed(time_s)) for track in self._tracks]

    def _follow(self, picture: Picture) -> list["_Track"]:
        """The tracks whose hand is still there, each hand under one number."""
        hands = self._predictor.read(picture, [track.place for track in self._tracks])
        followed: list[_Track] = []
        for track, hand in zip(self._tracks, hands, strict=True):
            is_there = hand.score >= self._predictor.least_score
            if is_there and not any(is_same_hand(hand, other.hand) for other in followed):
                track.hand = hand
                followed.append(track)
        return followed

    def _newcomers(self, picture: Picture) -> list["_Track"]:
        known = [track.hand for track in self._tracks]
        places = [place for place in self._predictor.find(picture) if not _is_known(place.box, known)]
        found: list[_Track] = []
        for hand in self._predictor.look(picture, places):
            others = known + [track.hand for track in found]
            if hand.score >= self._predictor.least_score and not any(is_same_hand(hand, other) for other in others):
                found.append(_Track(self._numbers, hand, self._config.smoothing))
                self._numbers += 1
        return found


class _Track:
    """One hand: as it was last read, and the filters that remember it."""

    def __init__(self, number: int, hand: Hand, config: OneEuroConfig) -> None:
        self.number, self.hand = number, hand
        self._keypoints, self._in_space, self._rotation, self._angles = (OneEuroFilter(config) for _ in range(4))
        self._side, self._shape = (
            OneEuroFilter(OneEuroConfig(least_cutoff_hz=_SIDE_CUTOFF_HZ, speed_gain=0.0)) for _ in range(2)
        )

    @property
    def place(self) -> Place:
        return Place(self.hand.box, self.hand.turn_rad, self.hand.score)

    def smoothed(self, time_s: float) -> Hand:
        hand = self.hand
        keypoints_px = self._keypoints(hand.keypoints_px, time_s, max(hand.size_px, 1.0))
        length_m = max(float(np.ptp(hand.keypoints_3d_m, axis=0).max()), 1e-3)
        right = hand.side_confidence if hand.side == "right" else 1 - hand.side_confidence
        right = float(self._side(np.array(right), time_s, 1.0))
        return dataclasses.replace(
            hand,
            keypoints_px=keypoints_px,
            keypoints_3d_m=self._in_space(hand.keypoints_3d_m, time_s, length_m),
            side="right" if right >= 0.5 else "left",
            side_confidence=max(right, 1 - right),
            box=box_around(keypoints_px),
            turn_rad=turn_of(keypoints_px),
            angles_rad=self._angles(hand.angles_rad, time_s, 1.0),
            camera_from_hand=nearest_rotation(self._rotation(hand.camera_from_hand, time_s, 1.0)),
            shape=self._shape(hand.shape, time_s, 1.0),
        )


def _is_known(box: Box, known: list[Hand]) -> bool:
    return any(overlap(box, hand.box) > OVERLAP_OF_ONE_HAND for hand in known)
