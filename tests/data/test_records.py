# SPDX-License-Identifier: Apache-2.0
"""Records of samples: what is absent stays absent, and what older shards do not know is absent."""

import dataclasses
import json

from handcraft.data.records import files_from_sample, sample_from_files
from handcraft.data.sample import LABELS
from tests.data.shards.make import bare_sample, sample

FIRST_LABELS = {"mask", "keypoints_px", "confidence", "visible", "joints_m", "intrinsics", "depth_m", "parts",
                "normals"}  # fmt: skip


def test_every_label_comes_back():
    written = sample(6)
    read = sample_from_files(written.key, files_from_sample(written, "png"))
    for label in LABELS:
        assert getattr(read, label) is not None, label
    for label in ("angles_rad", "shape", "camera_from_hand", "vertices_m", "flow_px", "sensed_depth_m"):
        assert getattr(read, label).equal(getattr(written, label)), label
    for label in ("skin_tone", "seed", "index", "sequence", "frame"):
        assert getattr(read, label) == getattr(written, label), label


def test_a_shard_from_before_there_were_motions_is_read_as_ever():
    """The files and the record as version 0.1 wrote them."""
    files = files_from_sample(sample(6), "png")
    record = json.loads(files["json"])
    old = {name: record[name] for name in ("key", "source", "is_real", "subject", "side", "keypoints_px", "confidence",
                                           "joints_m", "intrinsics", "visible")}  # fmt: skip
    names = ("rgb.png", "mask.png", "parts.png", "depth.png", "normals.png")
    read = sample_from_files("hand-000006", {name: files[name] for name in names} | {"json": json.dumps(old).encode()})
    for label in LABELS:
        assert (getattr(read, label) is None) == (label not in FIRST_LABELS), label


def test_a_sample_without_new_labels_is_written_as_ever():
    files = files_from_sample(bare_sample(6), "png")
    assert list(files) == ["rgb.png", "json"]
    assert set(json.loads(files["json"])) == {
        "key", "source", "is_real", "subject", "side", "keypoints_px", "confidence", "joints_m", "intrinsics", "visible"
    }  # fmt: skip


def test_labels_are_absent_one_by_one():
    for label in LABELS:
        without = dataclasses.replace(sample(6), **{label: None})
        read = sample_from_files("hand-000006", files_from_sample(without, "png"))
        assert [name for name in LABELS if getattr(read, name) is None] == [label]
