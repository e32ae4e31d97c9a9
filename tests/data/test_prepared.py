# SPDX-License-Identifier: Apache-2.0
import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from handcraft.data import PreparedSet
from handcraft.errors import HandcraftError


def prepared_set(*, labelled=True):
    generator = torch.Generator().manual_seed(2)
    return PreparedSet(
        keys=("a", "b", "c"),
        subjects=("ann", "ann", "bob"),
        source="painted",
        is_real=True,
        images=torch.randint(0, 256, (3, 3, 8, 8), generator=generator).to(torch.uint8),
        masks=torch.rand(3, 8, 8, generator=generator) > 0.5,
        keypoints_px=torch.rand(3, 21, 2, generator=generator) if labelled else None,
        confidence=torch.rand(3, 21, generator=generator) if labelled else None,
        crops=torch.rand(3, 3, generator=generator),
        skipped=7,
        mirrored=torch.tensor([True, False, True]) if labelled else None,
    )


def assert_same(one, other):
    for field in dataclasses.fields(PreparedSet):
        here, there = getattr(one, field.name), getattr(other, field.name)
        assert here.equal(there) if isinstance(here, torch.Tensor) else here == there, field.name


@pytest.mark.parametrize("labelled", [True, False])
def test_what_is_saved_is_loaded(tmp_path, labelled):
    prepared_set(labelled=labelled).save(tmp_path / "new" / "set.safetensors")
    assert_same(PreparedSet.load(tmp_path / "new" / "set.safetensors"), prepared_set(labelled=labelled))


def test_saving_twice_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        prepared_set().save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_full_disk_names_the_file_and_leaves_the_old_set(tmp_path):
    path = tmp_path / "set.safetensors"
    prepared_set().save(path)
    before = path.read_bytes()
    code = """
import resource, sys
from pathlib import Path
from tests.data.test_prepared import prepared_set
resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))
prepared_set().save(Path(sys.argv[1]))
"""
    command = [sys.executable, "-c", code, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert f"OSError: [Errno 27] File too large: '{path}'" in result.stderr
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_selecting_takes_the_named_samples_in_order():
    chosen = prepared_set().select([2, 0])
    assert (chosen.keys, chosen.subjects, len(chosen), chosen.skipped) == (("c", "a"), ("bob", "ann"), 2, 7)
    for name in ("images", "masks", "keypoints_px", "confidence", "crops", "mirrored"):
        assert getattr(chosen, name).equal(getattr(prepared_set(), name)[[2, 0]])
    assert prepared_set(labelled=False).select([1]).keypoints_px is None
    assert_same(prepared_set().select(range(3)), prepared_set())
    assert len(prepared_set().select([])) == 0


def test_joining_the_parts_gives_the_whole():
    parts = [prepared_set().select([0]), prepared_set().select([1, 2])]
    joined = PreparedSet.joined(parts, source="both")
    assert (joined.source, joined.skipped) == ("both", 14)
    assert_same(dataclasses.replace(joined, source="painted", skipped=7), prepared_set())


@pytest.mark.parametrize(
    "change",
    [
        {"images": torch.zeros(3, 3, 4, 4, dtype=torch.uint8), "masks": torch.zeros(3, 4, 4, dtype=torch.bool)},
        {"is_real": False},
        {"keypoints_px": None, "confidence": None},
        {"mirrored": None},
    ],
    ids=["size", "origin", "labels", "sides"],
)
def test_sets_that_do_not_fit_are_not_joined(change):
    other = dataclasses.replace(prepared_set(), **change)
    with pytest.raises(HandcraftError, match="one size, origin and kind of label"):
        PreparedSet.joined([prepared_set(), other], source="mixed")


def test_float_images_are_the_bytes_over_255():
    prepared = prepared_set()
    assert (prepared.float_images() * 255).round().to(torch.uint8).equal(prepared.images)
    assert prepared.float_images().max() <= 1
    assert prepared.size == 8


@pytest.mark.parametrize("damage", ["missing", "short", "text", "other", "folder"])
def test_a_file_that_is_no_prepared_set_is_named(tmp_path, damage):
    path = tmp_path / "set.safetensors"
    if damage == "short":
        prepared_set().save(path)
        path.write_bytes(path.read_bytes()[:-10])
    elif damage == "text":
        path.write_text("hello")
    elif damage == "other":
        save_file({"x": torch.zeros(2)}, path)
    elif damage == "folder":
        path.mkdir()
    with pytest.raises(HandcraftError, match=r"Expected .*set\.safetensors to be a prepared set") as caught:
        PreparedSet.load(path)
    assert "\n" not in str(caught.value)


def test_fields_of_different_lengths_are_refused():
    with pytest.raises(HandcraftError, match="the same number of samples"):
        dataclasses.replace(prepared_set(), keys=("a", "b"))
    with pytest.raises(HandcraftError, match="the same number of samples"):
        dataclasses.replace(prepared_set(), confidence=None)
