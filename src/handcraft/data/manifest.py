# SPDX-License-Identifier: Apache-2.0
"""``dataset.json``: what a folder of shards holds, so that a reader needs nothing else and nobody has to guess."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from handcraft.errors import HandcraftError
from handcraft.files import sha256_of, write_json_atomically
from handcraft.hand.anatomy import DOF_NAMES
from handcraft.hand.anny_hand import PHENOTYPES
from handcraft.hand.skeleton import KEYPOINTS, PARTS

MANIFEST_NAME = "dataset.json"
_SCHEMA = 1
_CURE = "copy it again or write the data set again"

_UNITS = {
    "rgb": "8-bit sRGB",
    "mask": "255 on the hand without forearm",
    "parts": "index into `parts` plus one; 0 background",
    "depth": "16-bit, 0.1 mm along the camera's z axis; 0 where nothing is",
    "normals": "8-bit, n = (value - 128) / 127 in the camera's axes; 128 where nothing is",
    "keypoints_px": "pixels; pixel (0, 0) has its centre at (0.5, 0.5)",
    "confidence": "0 to 1; 0 is not labelled",
    "joints_m": "metres in the camera's axes",
    "intrinsics": "pixels; pixels per metre on the diagonal of a weak-perspective camera",
    "sensed_depth": "16-bit, 0.1 mm along the camera's z axis, as a sensor measured it; 0 where it measured nothing",
    "flow": "16-bit, x over y, (value - 32768) / 32 pixels to the next frame; 32768 off hand and forearm",
    "angles_rad": "radians, in the order of `angles`; those of the mirror image for a left hand",
    "shape": "the hand model's parameters: Anny's `phenotypes`, each 0 to 1, or MANO's betas",
    "vertices": "32-bit floats, metres in the camera's axes",
    "camera_from_hand": "4x4, metres",
    "skin_tone": "place on the Monk scale, 0 light to 9 dark",
}


@dataclass(frozen=True)
class ShardEntry:
    """One finished tar file."""

    file: str
    samples: int
    bytes: int
    sha256: str

    def verify_length(self, folder: Path) -> Path:
        """The file's path, once its size is as it was when it was finished; costs nothing, unlike ``verify``.

        Raises:
            HandcraftError: a file that is missing, cut short or too long.
        """
        path = folder / self.file
        if not path.is_file():
            raise HandcraftError(f"Expected {path}, which {MANIFEST_NAME} lists, but it is missing; {_CURE}.")
        length = path.stat().st_size
        if length != self.bytes:
            state = "cut short" if length < self.bytes else "too long"
            raise HandcraftError(f"Expected {path} to have {self.bytes} bytes, but it is {state} ({length}); {_CURE}.")
        return path

    def verify(self, folder: Path) -> Path:
        """The file's path, once its size and checksum are as they were when it was finished.

        Raises:
            HandcraftError: a file that is missing, cut short, too long or changed.
        """
        path = self.verify_length(folder)
        if sha256_of(path) != self.sha256:
            raise HandcraftError(f"Expected {path} to match its checksum, but its bytes have changed; {_CURE}.")
        return path


@dataclass(frozen=True)
class Manifest:
    """The content of ``dataset.json``."""

    source: str
    is_real: bool
    samples_per_shard: int
    image_format: str
    shards: tuple[ShardEntry, ...]
    description: dict[str, Any]

    @property
    def count(self) -> int:
        """The number of samples in all shards."""
        return sum(shard.samples for shard in self.shards)

    def verify_lengths(self, folder: Path) -> None:
        """Look for every shard at once, before hours are spent on the first ones.

        Raises:
            HandcraftError: a shard that is missing, cut short or too long.
        """
        for shard in self.shards:
            shard.verify_length(folder)

    def write(self, folder: Path) -> None:
        """Write ``dataset.json`` into ``folder``, whole or not at all."""
        value = {
            "schema": _SCHEMA,
            "name": self.source,
            "count": self.count,
            **asdict(self),
            "joints": KEYPOINTS,
            "parts": PARTS,
            "angles": DOF_NAMES,
            "phenotypes": PHENOTYPES,
            "units": _UNITS,
            "axes": "OpenCV camera: x right, y down, z forward",
        }
        write_json_atomically(folder / MANIFEST_NAME, value)

    @staticmethod
    def read(folder: Path) -> "Manifest":
        """Read ``dataset.json`` of ``folder``.

        Raises:
            HandcraftError: a file that is missing, damaged or of another schema.
        """
        path = folder / MANIFEST_NAME
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise HandcraftError(f"Expected {path}, but it is missing; name a folder written by handcraft.") from error
        except ValueError as error:
            raise HandcraftError(f"Expected {path} to be JSON, but it is damaged ({error}); make it again.") from error
        if not isinstance(value, dict) or value.get("schema") != _SCHEMA:
            raise HandcraftError(f"Expected {path} to have schema {_SCHEMA}; read it with the version that wrote it.")
        return _manifest_from_json(path, value)


def _manifest_from_json(path: Path, value: dict[str, Any]) -> Manifest:
    try:
        shards = tuple(ShardEntry(**entry) for entry in value["shards"])
        names = ("source", "is_real", "samples_per_shard", "image_format", "description")
        return Manifest(shards=shards, **{name: value[name] for name in names})
    except (KeyError, TypeError) as error:
        raise HandcraftError(f"Expected {path} to be complete, but got {error}; make it again.") from error
