# SPDX-License-Identifier: Apache-2.0
"""``handcraft view``: what is sent to the viewer, and what is said where the viewer is not installed."""

import importlib.util
import subprocess
import sys
import types

import torch

from handcraft.cli import main
from handcraft.data import ShardWriter
from handcraft.data.rendered import RenderedSet
from handcraft.hand.skeleton import BONES
from handcraft.report.rerun_stream import CAMERA, PICTURE, entities
from handcraft.scene import MotionConfig, SceneConfig, SequenceConfig

CONFIG = SequenceConfig(SceneConfig(size_px=24), 3, MotionConfig(sampled_poses=20))


class Said:
    """Any archetype: it keeps what it was made of."""

    def __init__(self, *values, **named):
        self.values, self.named = values, named


def stand_in():
    """A module with Rerun's names: Rerun itself is an extra that a machine of tests need not have."""
    module = types.SimpleNamespace(ViewCoordinates=types.SimpleNamespace(RDF="RDF", RIGHT_HAND_Y_UP="up"))
    for name in ("Image", "Pinhole", "DepthImage", "SegmentationImage", "LineStrips2D", "LineStrips3D", "Transform3D",
                 "TextDocument"):  # fmt: skip
        setattr(module, name, type(name, (Said,), {}))
    return module


def test_skeletons_depth_and_camera_are_where_the_labels_say():
    (sample,) = RenderedSet(CONFIG, 1, 1)
    shown = dict(entities(stand_in(), sample))
    image, pinhole = shown[PICTURE]
    assert image.values[0].shape == (24, 24, 3)
    assert pinhole.named["resolution"] == [24, 24]
    in_space, in_picture = shown[f"{CAMERA}/skeleton"][0], shown[f"{PICTURE}/keypoints"][0]
    assert type(in_space).__name__ == "LineStrips3D"
    for strips, points in ((in_space.values[0], sample.joints_m), (in_picture.values[0], sample.keypoints_px)):
        assert len(strips) == len(BONES)
        for strip, bone in zip(strips, BONES, strict=True):
            assert torch.equal(torch.from_numpy(strip), points[list(bone)])
    pose = shown[CAMERA][0].named
    wrist_m = pose["mat3x3"] @ sample.joints_m[0].numpy() + pose["translation"]
    assert abs(wrist_m).max() < 1e-5  # the wrist is the hand frame's origin
    assert torch.equal(torch.from_numpy(shown[f"{PICTURE}/depth"][0].values[0]), sample.depth_m)


def test_without_rerun_the_cure_is_one_line(tmp_path, capsys, monkeypatch):
    with ShardWriter(tmp_path / "set", description={}) as writer:
        for sample in RenderedSet(CONFIG, 1, 3):
            writer.write(sample)
    monkeypatch.setitem(sys.modules, "rerun", None)
    assert main(["view", str(tmp_path / "set"), "--save", str(tmp_path / "set.rrd")]) == 2
    assert "pip install 'handcraft[view]'" in capsys.readouterr().err
    assert not (tmp_path / "set.rrd").exists()


def test_a_recording_is_written_where_rerun_is_installed(tmp_path, capsys):
    with ShardWriter(tmp_path / "set", description={}) as writer:
        for sample in RenderedSet(CONFIG, 1, 3):
            writer.write(sample)
    installed = importlib.util.find_spec("rerun") is not None
    assert main(["view", str(tmp_path / "set"), "--save", str(tmp_path / "set.rrd")]) == (0 if installed else 2)
    said = capsys.readouterr()
    assert "Wrote 3 samples" in said.out if installed else "handcraft[view]" in said.err
    assert not installed or (tmp_path / "set.rrd").read_bytes()[:4] == b"RRF2"


def test_rendering_that_is_to_be_viewed_is_refused_before_it_begins_where_rerun_is_missing(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "rerun", None)
    assert main(["render", "--out", str(tmp_path / "set"), "--count", "2", "--size-px", "24", "--view"]) == 2
    said = capsys.readouterr().err
    assert "pip install 'handcraft[view]'" in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "set").exists()


def test_rendering_processes_never_import_the_viewer_or_matplotlib():
    """They import the module of the verb; a second of imports in each of them is a second of waiting."""
    code = "import sys, handcraft.cli.render; print({'rerun', 'matplotlib'} & {*sys.modules})"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "set()\n"
