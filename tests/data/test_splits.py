# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from handcraft.data import komorowicz_split, split_by_subject
from handcraft.errors import HandcraftError

SUBJECTS = st.lists(st.integers(0, 12).map(str), min_size=30, max_size=80).map(lambda names: [*"abc", *names])


@given(SUBJECTS, st.sampled_from([(0.8, 0.2), (0.5, 0.3, 0.2), (1.0,)]), st.integers(0, 2**40))
def test_every_sample_is_in_one_part_and_no_person_in_two(subjects, fractions, seed):
    parts = split_by_subject(subjects, fractions, seed)
    assert sorted(index for part in parts for index in part) == list(range(len(subjects)))
    people = [{subjects[index] for index in part} for part in parts]
    assert sum(len(each) for each in people) == len(set().union(*people))
    assert all(people)


def test_parts_have_their_shares_when_people_are_many():
    subjects = [f"person-{number}" for number in torch.randint(0, 200, (2000,)).tolist()]
    sizes = [len(part) for part in split_by_subject(subjects, [0.7, 0.2, 0.1], 5)]
    assert sizes == pytest.approx([1400, 400, 200], abs=20)


def test_the_seed_decides_and_the_order_of_samples_does_not():
    subjects = [f"person-{number % 17}" for number in range(100)]
    parts = split_by_subject(subjects, [0.5, 0.5], 3)
    assert parts == split_by_subject(subjects, [0.5, 0.5], 3)
    assert parts != split_by_subject(subjects, [0.5, 0.5], 4)
    turned = split_by_subject(subjects[::-1], [0.5, 0.5], 3)
    assert [sorted(99 - index for index in part) for part in turned] == parts


@pytest.mark.parametrize("fractions", [[], [0.5, 0.4], [1.5, -0.5], [1.0, 0.0]])
def test_fractions_that_are_no_shares_are_refused(fractions):
    with pytest.raises(HandcraftError, match="Expected `fractions` to be above 0 with sum 1"):
        split_by_subject(["a", "b"], fractions, 0)


def test_fewer_people_than_parts_are_refused():
    with pytest.raises(HandcraftError, match="at least 2 subjects to split by, but got 1"):
        split_by_subject(["a", "a", "a"], [0.5, 0.5], 0)


def test_the_thesis_split_is_by_the_picture_s_number():
    keys = ["Hand_0010041", "Hand_0000067", "Hand_0010040", "Hand_0011744"]
    assert komorowicz_split(keys) == [[1, 2], [0, 3]]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["Hand_0000067", "render-7"], "the 11k Hands, but got 'render-7'; split by subject"),
        (["Hand_0000067"], "but got 1 and 0; split by subject"),
        ([], "but got 0 and 0"),
    ],
)
def test_what_the_thesis_did_not_split_is_refused(keys, words):
    with pytest.raises(HandcraftError, match=words):
        komorowicz_split(keys)
