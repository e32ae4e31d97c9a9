# SPDX-License-Identifier: Apache-2.0
"""Domains: no person on both sides of a split, a render and its translation on one."""

import itertools
from collections import Counter

import pytest
import torch

from handcraft.encode import Domains
from handcraft.errors import HandcraftError
from tests.encode.toy import disc_set


def three_domains():
    rendered = disc_set(40, seed=1, source="rendered")
    generated = disc_set(40, seed=2, source="generated", subjects=rendered.subjects)
    return Domains.of(
        {"synthetic": [rendered], "real": [disc_set(24, seed=3, source="real")], "generated": [generated]}
    )


def test_domains_are_numbered_in_their_order():
    domains = three_domains()
    assert domains.names == ("synthetic", "real", "generated")
    assert domains.counts == (40, 24, 40)
    assert domains.subjects[40] == "real-0"
    merged = Domains.of({"synthetic": [disc_set(4, seed=1)], "real": [disc_set(6, seed=3), disc_set(2, seed=2)]})
    assert merged.counts == (4, 8)
    assert merged.labels.tolist() == [0] * 4 + [1] * 8


def test_parts_share_no_subject_and_have_every_domain():
    domains = three_domains()
    parts = domains.split((0.75, 0.25), seed=6)
    subjects = [set(part.subjects) for part in parts]
    assert not subjects[0] & subjects[1]
    assert sum(map(len, parts)) == len(domains)
    for part, share in zip(parts, (0.75, 0.25), strict=True):
        for count, whole in zip(part.counts, domains.counts, strict=True):
            assert count / whole == pytest.approx(share, abs=0.1)


def alone(names):
    """One crop of each of these people."""
    return disc_set(len(names), seed=1, subjects=names)


@pytest.mark.parametrize("seed", range(6))
def test_every_domain_is_split_by_its_own_people(seed):
    """A small domain is not a few of a large one's people, who may all fall on one side; nor do people of one kind who
    were dealt out before others take part in it again."""
    large, small = [f"large-{each}" for each in range(20)], [f"small-{each}" for each in range(4)]
    apart = Domains.of({"large": [alone(large)], "small": [alone(small)]})
    assert [part.counts for part in apart.split((0.5, 0.5), seed=seed)] == [(10, 2)] * 2
    some_first = Domains.of({"few": [alone(large[5:11])], "all": [alone(large)], "of both": [alone(small + large[:8])]})
    parts = some_first.split((0.5, 0.5), seed=seed)
    assert [part.counts[:2] for part in parts] == [(3, 10)] * 2
    assert [sum(subject in small for subject in part.subjects) for part in parts] == [2, 2]
    for here, there in itertools.permutations(parts, 2):
        assert not set(here.subjects) & set(there.subjects)


def test_people_of_several_sets_of_a_domain_are_dealt_out_together():
    people = [f"person-{each}" for each in range(6)]
    domains = Domains.of({"real": [alone(people), alone(people[::-1])], "made": [alone(["a", "b"])]})
    first, second = domains.split((0.5, 0.5), seed=0)
    assert [part.counts for part in (first, second)] == [(6, 1)] * 2
    assert all(Counter(part.subjects)[name] in (0, 2) for part in (first, second) for name in people)


def test_the_seed_decides_who_goes_where():
    domains = three_domains()
    first, again, other = (domains.split((0.5, 0.5), seed=seed)[0].subjects for seed in (1, 1, 2))
    assert first == again != other


def test_a_domain_with_fewer_people_than_parts_is_refused():
    lonely = Domains.of({"one": [alone(["a", "b", "c"])], "two": [alone(["d", "d", "d"])]})
    with pytest.raises(HandcraftError, match="at least 2 subjects to split by, but got 1"):
        lonely.split((0.5, 0.5), seed=0)


def test_a_generated_image_goes_where_its_render_goes():
    """Whether all renders were translated or a few of them."""
    rendered = disc_set(40, seed=1, source="rendered")
    few = disc_set(16, seed=2, source="generated", subjects=rendered.subjects[8:24])
    for domains in (
        three_domains(),
        Domains.of({"synthetic": [rendered], "real": [disc_set(9, seed=3)], "few": [few]}),
    ):
        parts = domains.split((0.5, 0.5), seed=7)
        assert sum(part.counts[2] for part in parts) == domains.counts[2]
        for part in parts:
            synthetic, generated = (
                {subject for subject, label in zip(part.subjects, part.labels, strict=True) if label == wanted}
                for wanted in (0, 2)
            )
            assert generated <= synthetic
            assert abs(part.counts[0] - 20) <= 2, "and no render goes where its translation would have gone alone"


def test_a_selection_keeps_images_with_their_labels():
    domains = three_domains()
    chosen = domains.select([50, 3])
    assert chosen.labels.tolist() == [1, 0]
    assert torch.equal(chosen.images, domains.images[[50, 3]])
    assert chosen.subjects == (domains.subjects[50], domains.subjects[3])


def test_what_cannot_be_compared_is_refused():
    discs = disc_set(4, seed=1)
    for sets in (
        {"one": [discs]},
        {"one": [discs], "two": []},
        {"one": [discs], "two": [disc_set(4, seed=1, size=16)]},
    ):
        with pytest.raises(HandcraftError, match="two domains"):
            Domains.of(sets)
