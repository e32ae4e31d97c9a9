# SPDX-License-Identifier: Apache-2.0
"""Pictures to hands: the finder says where and how they are turned, the hand network reads each one upright.

Nothing here knows torch. Networks are opened when they are first needed, so that who brings boxes waits for no finder.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from handcraft.errors import HandcraftError, expect_at_least
from handcraft.predict.crops import Crop, Letterbox
from handcraft.predict.hand import Box, Hand, box_around, is_same_hand, overlap, turn_of
from handcraft.predict.model_files import SHIPPED, Network, open_network
from handcraft.predict.pictures import AnyPicture, Picture, open_picture
from handcraft.predict.surface import Surface, surface_of

OVERLAP_OF_ONE_HAND = 0.5
"""Boxes of the finder that share more than this (intersection over union) are the same hand's."""

LEAST_PLACE_SCORE = 0.3
"""Of the finder, for a place to be read. It misses more than it mistakes, and the hand network sees more: from here on
most hands of renders that no training saw are found for one that is none."""
QUARTERS_RAD = (0.0, math.pi / 2, math.pi, -math.pi / 2)
FIRST_LOOK = 1.2
"""The finder's boxes are read so much wider at first: they miss fingers that stand out."""


class Place(NamedTuple):
    """Where a hand may be."""

    box: Box
    """Around the keypoints, in pixels of the picture."""
    turn_rad: float
    score: float

    def widened(self, factor: float) -> "Place":
        """The same place with a box so many times as wide and as high."""
        left, top, right, bottom = self.box
        aside, up = (factor - 1) * (right - left) / 2, (factor - 1) * (bottom - top) / 2
        return self._replace(box=(left - aside, top - up, right + aside, bottom + up))


@dataclass(frozen=True)
class Predictor:
    """Finds hands in pictures with three networks, those that come with handcraft unless others are named."""

    hand_file: Path = SHIPPED / "hand.onnx"
    finder_file: Path = SHIPPED / "finder.onnx"
    surface_file: Path = SHIPPED / "surface.onnx"
    threads: int = 1
    """Processor threads that a network may use."""
    least_score: float = 0.5
    """Below this probability, by the hand network, a hand is left out."""
    least_place_score: float = LEAST_PLACE_SCORE
    """Places that are less probable, by the finder, are not read."""

    def __post_init__(self) -> None:
        expect_at_least(1, threads=self.threads)
        expect_at_least(0, least_score=self.least_score, least_place_score=self.least_place_score)

    @cached_property
    def hand_network(self) -> Network:
        """From crops to keypoints, side and pose."""
        return open_network(self.hand_file, "hand", threads=self.threads)

    @cached_property
    def finder_network(self) -> Network:
        """From whole pictures to boxes."""
        return open_network(self.finder_file, "finder", threads=self.threads)

    @cached_property
    def surface_network(self) -> Network:
        """From pose and shape to vertices."""
        return open_network(self.surface_file, "surface", threads=self.threads)

    def open(self, *, with_surface: bool = False) -> None:
        """Open the networks now and not with the first picture.

        Raises:
            HandcraftError: one that is missing or something else.
        """
        _ = self.hand_network, self.finder_network
        if with_surface:
            _ = self.surface_network

    def hands(self, image: AnyPicture, boxes: Sequence[Sequence[float]] | None = None) -> list[Hand]:
        """The hands of a picture, the surest first; or one hand for each given box, in their order.

        Args:
            image: a file, a Pillow image, or an array (see ``open_picture``).
            boxes: left, top, right and bottom around each hand's keypoints in pixels. The finder is not asked then,
                every box is answered, however low its hand's ``score``, and each is read five times: with its four
                sides up, to learn from the surest how the hand is turned, then upright.

        Raises:
            HandcraftError: a picture or a network that cannot be read, or a box without area.
        """
        picture = open_picture(image)
        if boxes is None:
            return distinct([hand for hand in self.look(picture, self.find(picture)) if hand.score >= self.least_score])
        checked = [_checked(box) for box in boxes]
        turned = self.read(picture, [Place(box, turn_rad, 1.0) for box in checked for turn_rad in QUARTERS_RAD])
        tries = [turned[first : first + len(QUARTERS_RAD)] for first in range(0, len(turned), len(QUARTERS_RAD))]
        surest = [max(hands, key=lambda hand: float(hand.confidence.mean())) for hands in tries]
        return self.read(picture, [Place(box, hand.turn_rad, 1.0) for box, hand in zip(checked, surest, strict=True)])

    def find(self, picture: Picture) -> list[Place]:
        """Where the finder sees hands, the surest first, each once."""
        network = self.finder_network
        letterbox = Letterbox.fit(picture.width, picture.height, network.image_px)
        given = network(images=letterbox.pixels(picture, network.image_px)[None])
        scores = given["scores"][0].tolist()
        corners = letterbox.picture_from_square(given["boxes_px"][0].reshape(-1, 2)).reshape(-1, 4).tolist()
        turns = given["turns_rad"][0].tolist()
        places: list[Place] = []
        for index in sorted(range(len(scores)), key=lambda index: -scores[index]):
            left, top, right, bottom = corners[index]
            box = (left, top, right, bottom)
            is_box = right > left and bottom > top and all(map(math.isfinite, (*box, turns[index])))
            is_likely = is_box and scores[index] >= self.least_place_score
            if is_likely and all(overlap(box, place.box) <= OVERLAP_OF_ONE_HAND for place in places):
                places.append(Place(box, turns[index], scores[index]))
        return places

    def look(self, picture: Picture, places: Sequence[Place]) -> list[Hand]:
        """The hands at places that the finder told: read in a wider square, then in the box of what was seen there."""
        first = self.read(picture, [place.widened(FIRST_LOOK) for place in places])
        likely = [hand for hand in first if hand.score >= self.least_score]
        return self.read(picture, [Place(hand.box, hand.turn_rad, hand.score) for hand in likely])

    def read(self, picture: Picture, places: Sequence[Place]) -> list[Hand]:
        """One hand for each place, whatever its score."""
        if not places:
            return []
        network = self.hand_network
        scale, size = float(network.about["box_scale"]), network.image_px
        crops = [Crop.around(place.box, turn_rad=place.turn_rad, scale=scale) for place in places]
        given = network(crops=np.stack([crop.pixels(picture, size) for crop in crops]))
        if not all(np.isfinite(values).all() for values in given.values()):
            raise HandcraftError(
                f"Expected finite numbers from {self.hand_file}, but got NaN or infinity; export it again."
            )
        return [
            _hand({name: values[index] for name, values in given.items()}, crop, size)
            for index, crop in enumerate(crops)
        ]

    def surface(self, hand: Hand) -> Surface:
        """The mesh of a hand that this predictor found."""
        return surface_of(hand, self.surface_network)


def distinct(hands: Sequence[Hand]) -> list[Hand]:
    """The hands without those that are a surer one once more, the surest first."""
    kept: list[Hand] = []
    for hand in sorted(hands, key=lambda hand: -hand.score):
        if not any(is_same_hand(hand, other) for other in kept):
            kept.append(hand)
    return kept


def _hand(given: dict[str, np.ndarray], crop: Crop, size: int) -> Hand:
    """What the network says of one crop, as said of the picture."""
    keypoints_px: Float[np.ndarray, "21 2"] = crop.picture_from_crop(given["keypoints_px"], size)
    right, turned = float(given["right"]), crop.camera_rotation
    return Hand(
        keypoints_px=keypoints_px,
        confidence=given["confidence"],
        keypoints_3d_m=given["keypoints_3d_m"] @ turned.T,
        side="right" if right >= 0.5 else "left",
        side_confidence=max(right, 1 - right),
        score=float(given["presence"]),
        box=box_around(keypoints_px),
        turn_rad=turn_of(keypoints_px),
        angles_rad=given["angles_rad"],
        camera_from_hand=turned @ given["camera_from_hand"],
        shape=given["shape"],
    )


def _checked(box: Sequence[float]) -> Box:
    numbers = [float(number) for number in box]
    if (
        len(numbers) != 4
        or not all(map(math.isfinite, numbers))
        or numbers[0] >= numbers[2]
        or numbers[1] >= numbers[3]
    ):
        raise HandcraftError(f"Expected a box as left, top, right and bottom edge in pixels, but got {numbers}.")
    return numbers[0], numbers[1], numbers[2], numbers[3]
