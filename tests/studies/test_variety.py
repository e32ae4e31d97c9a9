# SPDX-License-Identifier: Apache-2.0
"""Arms lack one thing each, all are tested on the same unseen hands, and a second call trains nothing again."""

import dataclasses

import pytest
import torch

from handcraft.estimate.hand import HAND_SMOKE, StreamConfig
from handcraft.report import write_report
from handcraft.studies.variety import SMOKE_VARIETY, VarietyConfig, run_variety
from handcraft.studies.variety.config import EVERYTHING
from handcraft.studies.variety.study import held_out_renders
from handcraft.training import LoopConfig

TINY = VarietyConfig(
    hand=dataclasses.replace(
        HAND_SMOKE, stream=StreamConfig(render_px=32, block=32, passes=1), batch_size=32, loop=LoopConfig(1, 1, 1, 1)
    ),
    test_count=16,
    without=("look",),
)


def changed(before, after, name=""):
    """Dotted names of what differs between two configurations."""
    if dataclasses.is_dataclass(before):
        return [
            inner
            for field in dataclasses.fields(before)
            for inner in changed(getattr(before, field.name), getattr(after, field.name), f"{name}.{field.name}")
        ]
    return [] if before == after else [name]


def test_every_arm_lacks_one_thing():
    arms = VarietyConfig().arms(3)
    lacks = {name: {each.split(".")[2] for each in changed(arms[EVERYTHING], arm)} for name, arm in arms.items()}
    assert lacks.pop(EVERYTHING) == set()
    assert sorted(lacks.values(), key=sorted) == [
        {each} for each in ("backdrops", "forearm", "look", "occlusion", "pose_prior", "spectrum")
    ]
    assert {arm.seed for arm in arms.values()} == {3}


@pytest.mark.usefixtures("hand_model")
def test_unseen_hands_are_unseen_and_have_their_people():
    test = held_out_renders(TINY, workers=1)
    assert len(test.people) == len(test.examples) == 16
    assert len(set(test.people)) == 3  # 8 samples of each of the first two scenes' people and fewer of the third's
    again = held_out_renders(dataclasses.replace(TINY, seeds=(1,)), workers=1)
    assert not torch.equal(test.examples.images, again.examples.images)


@pytest.mark.usefixtures("hand_model")
def test_the_study_is_one_table_and_goes_on_where_it_stood(tmp_path):
    results = run_variety(tmp_path / "run", TINY)
    again = run_variety(tmp_path / "run", TINY, resume=True)
    (table,) = results["study"]["tables"]
    assert [row["name"] for row in table["rows"]] == list(TINY.arms(0))
    assert all(cell["value"] is not None for row in table["rows"] for cell in row["cells"])
    assert again["study"] == results["study"]
    assert "without photometric range" in write_report(tmp_path / "run").read_text()


def test_seeds_must_differ():
    with pytest.raises(Exception, match="seeds"):
        dataclasses.replace(SMOKE_VARIETY, seeds=(1, 1))
