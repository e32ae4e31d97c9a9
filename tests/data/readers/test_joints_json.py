# SPDX-License-Identifier: Apache-2.0
import json
import pickle

import pytest
import torch

from handcraft.data import JointsJson, open_dataset
from handcraft.errors import HandcraftError
from tests.data.joints_json import make
from tests.data.painted import centroids_px


@pytest.fixture
def folder(tmp_path):
    make.write_joints_json(tmp_path / "set")
    make.write_thesis_pickle(tmp_path / "set")
    return tmp_path / "set"


@pytest.mark.parametrize("labels", ["joints.json", "11k_joints_val.pkl"])
def test_joints_are_where_they_were_painted(folder, labels):
    samples = list(JointsJson(folder, labels=labels))
    for index, each in enumerate(samples):
        painted = torch.from_numpy(make.keypoints_px(index)).float()
        assert torch.allclose(each.keypoints_px, painted, atol=1e-4)
        assert torch.allclose(centroids_px(each.image, each.keypoints_px, above=0.1), painted.double(), atol=0.1)
    assert [each.key for each in samples] == ["Hand_0000012", "Hand_0000013", "Hand_0000701"]
    assert [each.side for each in samples] == list(make.SIDES)
    assert [each.subject for each in samples] == list(make.SUBJECTS)
    assert {(each.source, each.is_real) for each in samples} == {("11k Hands", True)}


def test_certainties_end_at_one_and_low_joints_are_kept(folder):
    entries = json.loads((folder / "joints.json").read_text())
    entries[0]["joints"][12] = [33.5, 131.25, -0.1]
    (folder / "joints.json").write_text(json.dumps(entries))
    first = next(iter(JointsJson(folder)))
    assert first.keypoints_px[12].tolist() == [33.5, 131.25]
    assert first.confidence[12] == 0
    assert first.confidence[20] == 1
    assert first.confidence[0].item() == pytest.approx(0.1)


def test_without_a_subject_every_picture_is_its_own(folder):
    (folder / "HandInfo.csv").unlink()
    assert [each.subject for each in JointsJson(folder, labels="11k_joints_val.pkl")] == [
        each.key for each in JointsJson(folder)
    ]


def test_labels_without_a_readable_photograph_are_listed(folder):
    (folder / "Hands" / make.FILENAMES[0]).unlink()
    (folder / "Hands" / make.FILENAMES[1]).write_bytes(b"broken")
    reader = JointsJson(folder)
    assert len(reader) == 2
    assert [each.key for each in reader] == ["Hand_0000701"]
    assert [each.path for each in reader.skipped] == [f"Hands/{name}" for name in make.FILENAMES[:2]]


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_hostile_pickle_does_nothing(folder, tmp_path):
    (folder / "11k_joints_val.pkl").write_bytes(pickle.dumps([Hostile(tmp_path / "done")]))
    with pytest.raises(HandcraftError, match=r"11k_joints_val\.pkl .* it asks for (io|_io)\.open, which a label file"):
        JointsJson(folder, labels="11k_joints_val.pkl")
    assert not (tmp_path / "done").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda entry: entry.pop("joints"), "entry 1 of .*joints.json to be a label, but got KeyError"),
        (lambda entry: entry["joints"].pop(), "entry 1 of .* to have 21 joints"),
        (lambda entry: entry["joints"][3].pop(), "entry 1 of .* to have 21 joints"),
        (lambda entry: entry["joints"][3].__setitem__(0, float("nan")), "entry 1 of .* all finite"),
        (lambda entry: entry["joints"][3].__setitem__(0, "x"), "entry 1 of .* to be a label"),
        (lambda entry: entry.update(side="both"), "the side of entry 1 of .* to be left or right, but got 'both'"),
        (
            lambda entry: entry.update(filename="../../secret.jpg"),
            "to name a file in Hands, but got '../../secret.jpg'",
        ),
        (lambda entry: entry.update(filename=7), "to name a file in Hands, but got 7"),
    ],
)
def test_an_entry_of_another_form_is_named(folder, change, words):
    entries = json.loads((folder / "joints.json").read_text())
    change(entries[1])
    (folder / "joints.json").write_text(json.dumps(entries))
    with pytest.raises(HandcraftError, match=words):
        JointsJson(folder)


@pytest.mark.parametrize("text", ["{}", "[]", "[1", "null"])
def test_a_label_file_of_another_form_is_named(folder, text):
    (folder / "joints.json").write_text(text)
    with pytest.raises(HandcraftError, match=r"joints\.json to be a list of labels"):
        JointsJson(folder)


def test_what_is_missing_is_named(folder):
    with pytest.raises(HandcraftError, match=r"the label file .*other\.json, but it is missing"):
        JointsJson(folder, labels="other.json")
    (folder / "HandInfo.csv").write_text("a,b\n1,2\n")
    with pytest.raises(
        HandcraftError, match=r"HandInfo\.csv to have the columns id and imageName, but got \['a', 'b'\]"
    ):
        JointsJson(folder)
    (folder / "HandInfo.csv").unlink()
    for path in (folder / "Hands").iterdir():
        path.unlink()
    with pytest.raises(HandcraftError, match=r"Expected the photographs that .* names in .*Hands; found none"):
        JointsJson(folder)


def test_the_thesis_s_two_pickles_are_one_set(folder):
    (folder / "joints.json").unlink()
    halves = {"11k_joints_train.pkl": make.entries(scale=10)[:2], "11k_joints_val.pkl": make.entries(scale=10)[2:]}
    for name, entries in halves.items():
        (folder / name).write_bytes(pickle.dumps(entries))
    reader = open_dataset(folder)
    assert isinstance(reader, JointsJson)
    assert [each.key for each in reader] == ["Hand_0000012", "Hand_0000013", "Hand_0000701"]
    for index, each in enumerate(reader):
        assert torch.allclose(each.keypoints_px, torch.from_numpy(make.keypoints_px(index)).float(), atol=1e-4)
