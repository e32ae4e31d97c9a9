# SPDX-License-Identifier: Apache-2.0
"""What two sets of crops must be like for a refiner to be trained on them."""

from handcraft.data import PreparedSet
from handcraft.errors import HandcraftError

_SMALLEST_COUNT = 2


def expect_trainable(
    rendered: PreparedSet,
    photographed: PreparedSet,
    *,
    size_multiple: int,
    size_minimum: int,
    needs_masks: bool = False,
) -> None:
    """Refuse crops that cannot be trained on. The sets need not hold the same number of images.

    Raises:
        HandcraftError: crops of different or unsuitable sizes, a single one, or masks that are needed and empty.
    """
    for name, images in (("rendered", rendered), ("photographed", photographed)):
        if len(images) < _SMALLEST_COUNT:
            raise HandcraftError(
                f"Expected `{name}` to hold at least {_SMALLEST_COUNT} crops, but {images.source} holds {len(images)}; "
                "a domain is more than one image."
            )
    _expect_sizes(rendered, photographed, size_multiple, size_minimum)
    if needs_masks:
        for images in (rendered, photographed):
            _expect_masks(images)


def _expect_sizes(rendered: PreparedSet, photographed: PreparedSet, size_multiple: int, size_minimum: int) -> None:
    if rendered.size != photographed.size:
        raise HandcraftError(
            f"Expected `rendered` and `photographed` to be crops of one size, but got {rendered.size} and "
            f"{photographed.size} pixels; prepare both with the same `size`."
        )
    if rendered.size < size_minimum or rendered.size % size_multiple:
        raise HandcraftError(
            f"Expected `size` to be at least {size_minimum} and a multiple of {size_multiple}, "
            f"but got crops of {rendered.size} pixels."
        )


def _expect_masks(images: PreparedSet) -> None:
    empty = int((~images.masks.flatten(1).any(dim=1)).sum())
    if empty:
        raise HandcraftError(
            f"Expected every crop of {images.source} to have the mask of its hand, but {empty} of {len(images)} are "
            "empty; prepare the set with a segmenter."
        )
