# SPDX-License-Identifier: Apache-2.0
"""Laws of samples made again from their set's folder: the bytes in the shard, or one line that says what is amiss."""

import json
import os
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from handcraft.cli import main
from handcraft.data.again import config_of_set, sample_again
from handcraft.data.recorded_config import config_from_json
from handcraft.data.records import files_from_sample
from handcraft.errors import HandcraftError
from handcraft.hand.motion import PoseFlowConfig
from handcraft.scene import MotionConfig, SceneConfig, SequenceConfig
from handcraft.scene.photographs import BackdropConfig
from handcraft.scene.placement import PlacementConfig
from handcraft.scene.sensors import DepthSensorConfig, SensorConfig
from handcraft.training.record import as_json

STILLS = ["--count", "40", "--seed", "3", "--look", "photographic", "--depth-sensor.present", "--pose.wrist-deg", "10",
          "--occlusion.share", "0.5", "--placement.fill", "0.5", "0.7"]  # fmt: skip
MOTIONS = ["--count", "40", "--range", "20:40", "--frames", "5", "--motion.sampled-poses", "30", "--vertices"]


def render(folder: Path, *options: str) -> None:
    small = ["--size-px", "24", "--workers", "1", "--samples-per-shard", "10", "--no-preview"]
    assert main(["render", "--out", str(folder), *small, *options]) == 0


def stored_files(shard: Path) -> dict[str, dict[str, bytes]]:
    """The bytes of every sample in a shard, by key."""
    samples: dict[str, dict[str, bytes]] = {}
    with tarfile.open(shard) as tar:
        for member in tar:
            key, _, extension = member.name.partition(".")
            content = tar.extractfile(member)
            assert content is not None
            samples.setdefault(key, {})[extension] = content.read()
    return samples


@pytest.mark.parametrize("options", [STILLS, MOTIONS], ids=["stills", "sequences"])
def test_samples_made_again_from_the_folder_have_the_bytes_in_its_shards(tmp_path: Path, options: list[str]) -> None:
    render(tmp_path / "set", *options)
    stored = stored_files(tmp_path / "set" / "shard-000003.tar")
    for key in list(stored)[::4]:
        assert files_from_sample(sample_again(tmp_path / "set", key), "png") == stored[key]


def test_every_configuration_comes_back_from_its_json() -> None:
    stills = SceneConfig(
        look="photographic", backdrop="photographs", photographs=BackdropConfig(Path("a/b"), window=(0.5, 1.0)),
        sensor=SensorConfig(noise=False), depth_sensor=DepthSensorConfig(present=True, range_m=(0.1, 2.0)),
        mano=Path("MANO_LEFT.pkl"), placement=PlacementConfig(fill=(0.1, 0.3), roll_deg=7.25), supersampling=3,
    )  # fmt: skip
    motions = SequenceConfig(stills, 7, MotionConfig(PoseFlowConfig("carry", alpha=1.1), library=Path("poses")))
    for config in (SceneConfig(), stills, SequenceConfig(), motions):
        recorded = json.loads(json.dumps(as_json(config)))
        assert config_from_json(type(config), recorded, cure="never") == config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": 3}, "`config.colour` is not among them; .* was written by handcraft 0.0.1: take that version"),
        ({"size_px": None}, "recorded `config.size_px` of this version, but got None"),
        ({"size_px": True}, "recorded `config.size_px` of this version, but got True"),
        ({"look": "painted"}, "recorded `config.look` of this version, but got 'painted'"),
        ({"mano": 3}, "recorded `config.mano` of this version, but got 3"),
        ({"size_px": 2}, "`size_px` to be at least 8"),
        ({"photographs": {"folder": None}}, "`config.photographs.exclude` is missing"),
        ({"placement": as_json(PlacementConfig()) | {"fill": [0.5]}}, "recorded `config.placement.fill`"),
        ({"placement": as_json(PlacementConfig()) | {"fill": ["wide", 0.5]}}, "recorded `config.placement.fill`"),
    ],
)
def test_a_configuration_of_another_version_is_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    render(tmp_path / "set", "--count", "1")
    path = tmp_path / "set" / "dataset.json"
    manifest = json.loads(path.read_text())
    manifest["description"]["config"] |= changes
    manifest["description"]["handcraft"] = "0.0.1"
    path.write_text(json.dumps(manifest))
    with pytest.raises(HandcraftError, match=message):
        config_of_set(tmp_path / "set")


def test_keys_of_other_sets_and_sets_of_other_makers_are_refused(tmp_path: Path) -> None:
    render(tmp_path / "set", "--count", "30", "--range", "10:20", "--seed", "5")
    for key in ("plain-5-0000009", "plain-5-0000020", "plain-4-0000012", "photographic-5-0000012", "plain-5-12", "x"):
        with pytest.raises(HandcraftError, match=f"go from plain-5-0000010 to plain-5-0000019, but got '{key}'"):
            sample_again(tmp_path / "set", key)
    path = tmp_path / "set" / "dataset.json"
    manifest = json.loads(path.read_text())
    manifest["description"] = {"refiner": {}}
    path.write_text(json.dumps(manifest))
    with pytest.raises(HandcraftError, match="name a folder that `handcraft render` or `join` wrote"):
        sample_again(tmp_path / "set", "plain-5-0000012")


def test_files_that_changed_since_are_told_and_never_drawn_from(tmp_path: Path) -> None:
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    Image.new("RGB", (30, 20), (90, 90, 90)).save(photographs / "a.png")
    folder = os.fspath(photographs)
    render(tmp_path / "set", "--count", "2", "--backdrop", "photographs", "--photographs.folder", folder)
    sample_again(tmp_path / "set", "plain-0-0000001")
    Image.new("RGB", (30, 20), (200, 90, 90)).save(photographs / "b.png")
    with pytest.raises(HandcraftError, match=r"`photographs` to be what .* bring the files back"):
        sample_again(tmp_path / "set", "plain-0-0000001")


def test_a_pose_library_is_part_of_what_a_set_was_made_with(tmp_path: Path) -> None:
    library = tmp_path / "poses.safetensors"
    assert main(["poses", "build", "--sampled", "20", "--out", os.fspath(library)]) == 0
    moving = ["--count", "4", "--frames", "2", "--motion.library", os.fspath(library)]
    render(tmp_path / "set", *moving)
    sample_again(tmp_path / "set", "plain-0-0000001")
    assert main(["poses", "build", "--sampled", "21", "--out", os.fspath(library)]) == 0
    with pytest.raises(HandcraftError, match="`library` to be what"):
        sample_again(tmp_path / "set", "plain-0-0000001")
    library.unlink()
    with pytest.raises(HandcraftError, match=r"poses\.safetensors, which .* was made with, .* work where `render` was"):
        sample_again(tmp_path / "set", "plain-0-0000001")
