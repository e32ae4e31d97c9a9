# SPDX-License-Identifier: Apache-2.0
import pytest

from handcraft.data import (
    RHD,
    CocoHands,
    FreiHAND,
    JointsJson,
    PhotographFolder,
    Reader,
    RealHands,
    ShardDataset,
    ShardWriter,
    SynthHands,
    YoloHands,
    open_dataset,
)
from handcraft.errors import HandcraftError
from tests.data.coco.make import write_coco
from tests.data.freihand.make import write_freihand
from tests.data.joints_json.make import write_joints_json
from tests.data.photographs.make import write_photographs
from tests.data.realhands.make import write_realhands
from tests.data.rhd.make import write_rhd
from tests.data.shards.make import sample
from tests.data.synthhands.make import write_synthhands
from tests.data.yolo.make import write_yolo


def write_shards(folder):
    with ShardWriter(folder, description={}) as writer:
        writer.write(sample(0))


@pytest.mark.parametrize(
    ("write", "kind", "count"),
    [
        (write_shards, ShardDataset, 1),
        (write_freihand, FreiHAND, 8),
        (write_joints_json, JointsJson, 3),
        (write_coco, CocoHands, 3),
        (write_yolo, YoloHands, 3),
        (write_rhd, RHD, 4),
        (write_synthhands, SynthHands, 4),
        (write_realhands, RealHands, 5),
        (write_photographs, PhotographFolder, 12),
    ],
)
def test_what_lies_in_the_folder_decides(tmp_path, write, kind, count):
    write(tmp_path / "set")
    reader = open_dataset(tmp_path / "set")
    assert type(reader) is kind
    assert isinstance(reader, Reader)
    assert len(reader) == count
    keys = [each.key for each in reader]
    assert len(set(keys)) == len(keys) == count - len(reader.skipped)
    assert [each.key for each in reader] == keys
    assert {(each.source, each.is_real) for each in reader} == {(reader.name, reader.is_real)}


def test_the_evaluation_part_of_freihand_stands_alone(tmp_path):
    write_freihand(tmp_path)
    for path in tmp_path.glob("training_*.json"):
        path.unlink()
    assert [each.key for each in open_dataset(tmp_path)] == ["evaluation-00000000", "evaluation-00000001"]


def test_the_evaluation_part_of_rhd_stands_alone(tmp_path):
    write_rhd(tmp_path, splits=["evaluation"])
    assert [each.key for each in open_dataset(tmp_path)] == ["evaluation-00000"]


def test_a_folder_with_nothing_in_it_is_told_what_was_looked_for(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(HandcraftError, match=r"dataset\.json .*training_xyz\.json .*joints\.json .*\.jpg") as caught:
        open_dataset(tmp_path)
    assert "\n" not in str(caught.value)
    with pytest.raises(HandcraftError, match="there is no such folder"):
        open_dataset(tmp_path / "gone")
    with pytest.raises(HandcraftError, match="there is no such folder"):
        open_dataset(tmp_path / "notes.txt")
