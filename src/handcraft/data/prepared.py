# SPDX-License-Identifier: Apache-2.0
"""A data set made ready for training: equal square crops with their labels, in memory and in one file."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool, Float, UInt8
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.files import atomic_path

_FORMAT = "handcraft prepared set 1"


@dataclass(frozen=True)
class PreparedSet:
    """``n`` hand crops of ``s`` by ``s`` pixels. Keypoints are in crop pixels, confidences 0 where not labelled.

    Raises:
        HandcraftError: fields that do not hold the same number of samples.
    """

    keys: tuple[str, ...]
    subjects: tuple[str, ...]
    source: str
    is_real: bool
    images: UInt8[Tensor, "n 3 s s"]
    masks: Bool[Tensor, "n s s"]
    keypoints_px: Float[Tensor, "n 21 2"] | None
    confidence: Float[Tensor, "n 21"] | None
    """None exactly when ``keypoints_px`` is."""
    crops: Float[Tensor, "n 3"]
    """(left, top, side) of each crop in pixels of its own picture: ``CropBox(*crops[i].tolist())``."""
    skipped: int
    """Samples that were left out because no hand was found in them."""
    mirrored: Bool[Tensor, " n"] | None = None
    """Which crops were cut out of the picture's mirror image; None if none was."""

    def __post_init__(self) -> None:
        """Refuse fields of different lengths."""
        labels = [] if self.keypoints_px is None else [self.keypoints_px]
        certainties = [] if self.confidence is None else [self.confidence]
        lengths = {len(each) for each in (self.keys, self.subjects, self.images, self.masks, self.crops, *labels)}
        if len(lengths | {len(each) for each in certainties}) != 1 or len(labels) != len(certainties):
            raise HandcraftError("Expected all fields of a PreparedSet to hold the same number of samples.")

    def __len__(self) -> int:
        """The number of crops."""
        return len(self.keys)

    @property
    def size(self) -> int:
        """The side of every crop in pixels of the crop."""
        return self.images.shape[-1]

    def float_images(self) -> Float[Tensor, "n 3 s s"]:
        """The images as RGB in [0, 1]."""
        return self.images.float() / 255

    def select(self, indices: Sequence[int]) -> "PreparedSet":
        """The samples at ``indices``, in that order."""
        chosen = torch.tensor(list(indices), dtype=torch.long)
        fields: dict[str, Any] = {name: value[chosen] for name, value in self._tensors().items()}
        for name in ("keys", "subjects"):
            fields[name] = tuple(getattr(self, name)[index] for index in chosen.tolist())
        return dataclasses.replace(self, **fields)

    @staticmethod
    def joined(sets: Sequence["PreparedSet"], *, source: str) -> "PreparedSet":
        """All samples of ``sets`` one after another, as one set called ``source``.

        Raises:
            HandcraftError: no sets, or crops of different sizes, or labels in some sets only.
        """
        kinds = {(each.size, each.is_real, each.keypoints_px is None, each.mirrored is None) for each in sets}
        if len(kinds) != 1:
            raise HandcraftError(f"Expected sets of one size, origin and kind of label, but got {sorted(kinds)}.")
        names = list(sets[0]._tensors())
        fields: dict[str, Any] = {name: torch.cat([getattr(each, name) for each in sets]) for name in names}
        for name in ("keys", "subjects"):
            fields[name] = tuple(value for each in sets for value in getattr(each, name))
        return dataclasses.replace(sets[0], **fields, source=source, skipped=sum(each.skipped for each in sets))

    def save(self, path: Path) -> None:
        """Write one safetensors file; it appears whole or not at all."""
        about = {"format": _FORMAT, **{name: getattr(self, name) for name in _plain_fields()}}
        tensors = {name: value.contiguous() for name, value in self._tensors().items()}
        # Bytes first: safetensors' own file writer hides why a disk refused.
        with atomic_path(Path(path)) as beside:
            beside.write_bytes(save(tensors, metadata={"handcraft": json.dumps(about)}))

    @staticmethod
    def load(path: Path) -> "PreparedSet":
        """Read what ``save`` wrote.

        Raises:
            HandcraftError: a file that is missing, cut short or something else.
        """
        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads((file.metadata() or {}).get("handcraft", "{}"))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        except (OSError, SafetensorError) as error:
            raise HandcraftError(
                f"Expected {path} to be a prepared set, but it cannot be read: {error}; make it again."
            ) from error
        if about.pop("format", None) != _FORMAT:
            raise HandcraftError(f"Expected {path} to be a prepared set; it is another safetensors file.")
        fields: dict[str, Any] = {name: tensors.get(name) for name in _tensor_fields()}
        return PreparedSet(**fields, **_with_tuples(about))

    def _tensors(self) -> dict[str, Tensor]:
        values = {name: getattr(self, name) for name in _tensor_fields()}
        return {name: value for name, value in values.items() if value is not None}


def _plain_fields() -> tuple[str, ...]:
    return ("keys", "subjects", "source", "is_real", "skipped")


def _tensor_fields() -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(PreparedSet) if field.name not in _plain_fields())


def _with_tuples(about: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in about.items()}
