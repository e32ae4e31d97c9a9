# SPDX-License-Identifier: Apache-2.0
"""Domains: no person on both sides of a split, a render and its translation on one."""

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
