# SPDX-License-Identifier: Apache-2.0
"""Any sample of a rendered set again, from the set's folder alone: ``dataset.json`` has configuration and seed."""

import hashlib
from pathlib import Path

from handcraft.data.manifest import MANIFEST_NAME, Manifest
from handcraft.data.recorded_config import config_from_json
from handcraft.data.rendered import RenderedSet
from handcraft.data.sample import HandSample
from handcraft.data.scene_samples import SetConfig, sample_key, scenes_of
from handcraft.errors import HandcraftError
from handcraft.scene.photographs import BackdropFolder
from handcraft.scene.scene import SceneConfig
from handcraft.scene.sequences import SequenceConfig

__all__ = ["config_of_set", "outside_files", "sample_again"]


def config_of_set(folder: Path) -> SetConfig:
    """The configuration that ``handcraft render`` made the set in ``folder`` with, as ``dataset.json`` has it.

    Raises:
        HandcraftError: a folder that `render` did not write, or a configuration that is not of this version.
    """
    description = Manifest.read(folder).description
    recorded = description.get("config")
    if not isinstance(recorded, dict) or "seed" not in description:
        raise HandcraftError(
            f"Expected {folder / MANIFEST_NAME} to hold the configuration and seed of renders, but it does not; name a "
            "folder that `handcraft render` or `join` wrote."
        )
    cure = f"{folder} was written by handcraft {description.get('handcraft', 'unknown')}: take that version"
    kind: type[SetConfig] = SequenceConfig if "frames" in recorded else SceneConfig
    return config_from_json(kind, recorded, cure=cure)


def sample_again(folder: Path, key: str) -> HandSample:
    """The sample ``key`` of the set in ``folder``, rendered anew, to the bit; its shards are not read.

    Paths in the configuration (of MANO's file, poses, photographs) are taken as they were given to `render`.

    Raises:
        HandcraftError: as :func:`config_of_set`; a key that is not of this set; files of the user's that are gone or
            have changed since.
    """
    config, manifest = config_of_set(folder), Manifest.read(folder)
    seed = int(manifest.description["seed"])
    start = int(str(manifest.description.get("range", "0")).partition(":")[0])
    look, number = scenes_of(config).look, key.rpartition("-")[2]
    index = int(number) if number.isdecimal() else -1
    if index not in range(start, start + manifest.count) or key != sample_key(look, seed, index):
        ends = (sample_key(look, seed, each) for each in (start, start + manifest.count - 1))
        raise HandcraftError(f"Expected a key of {folder}, which go from {' to '.join(ends)}, but got {key!r}.")
    _expect_unchanged(folder, config, manifest)
    return next(iter(RenderedSet(config, seed, 1, first=index)))


def outside_files(config: SetConfig) -> dict[str, str]:
    """A checksum of everything that a set depends on beside its configuration and seed: files of the user's.

    Raises:
        HandcraftError: a folder of photographs that is missing or empty.
        OSError: another file that cannot be read.
    """
    scenes = scenes_of(config)
    files = {"mano": scenes.mano, "poses": scenes.poses}
    if isinstance(config, SequenceConfig):
        files["library"] = config.motion.library
    found = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items() if path}
    if scenes.backdrop == "photographs":
        found["photographs"] = BackdropFolder(scenes.photographs).fingerprint
    return found


def _expect_unchanged(folder: Path, config: SetConfig, manifest: Manifest) -> None:
    try:
        now = outside_files(config)
    except OSError as error:
        raise HandcraftError(
            f"Expected {error.filename}, which {folder} was made with, but the system says: {error.strerror}; bring it "
            "back, and work where `render` was called if its path was relative."
        ) from error
    for name, digest in now.items():
        if manifest.description.get(name) != digest:
            raise HandcraftError(
                f"Expected `{name}` to be what {folder} was made with, but it has changed since; bring the files back "
                "as they were."
            )
