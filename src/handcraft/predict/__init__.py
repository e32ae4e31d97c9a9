# SPDX-License-Identifier: Apache-2.0
"""Hands in photographs and videos, by networks that come with handcraft; onnxruntime runs them, torch is not needed.

This module can be called, so that three lines suffice::

    import handcraft

    hands = handcraft.predict("photo.jpg")
"""

import sys
from collections.abc import Sequence
from functools import cache
from types import ModuleType

from handcraft.predict.crops import Crop, Letterbox
from handcraft.predict.hand import Box, Hand
from handcraft.predict.json_lines import json_line
from handcraft.predict.one_euro import OneEuroConfig, OneEuroFilter
from handcraft.predict.overlay import draw_hands
from handcraft.predict.pictures import AnyPicture, open_picture
from handcraft.predict.predictor import Place, Predictor
from handcraft.predict.surface import Surface, write_obj
from handcraft.predict.tracking import TrackedHand, Tracker, TrackingConfig
from handcraft.predict.videos import Frame, Video

__all__ = [
    "AnyPicture",
    "Box",
    "Crop",
    "Frame",
    "Hand",
    "Letterbox",
    "OneEuroConfig",
    "OneEuroFilter",
    "Place",
    "Predictor",
    "Surface",
    "TrackedHand",
    "Tracker",
    "TrackingConfig",
    "Video",
    "draw_hands",
    "json_line",
    "open_picture",
    "predict",
    "write_obj",
]


def predict(image: AnyPicture, boxes: Sequence[Sequence[float]] | None = None) -> list[Hand]:
    """The hands of a picture by the networks that come with handcraft; see ``Predictor.hands``."""
    return _shipped().hands(image, boxes)


@cache
def _shipped() -> Predictor:
    """Opened once: that takes longer than a prediction."""
    return Predictor()


class _CallableModule(ModuleType):
    """``handcraft.predict`` is this package and, called, its function of the same name."""

    def __call__(self, image: AnyPicture, boxes: Sequence[Sequence[float]] | None = None) -> list[Hand]:
        return predict(image, boxes)


sys.modules[__name__].__class__ = _CallableModule
