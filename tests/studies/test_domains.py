# SPDX-License-Identifier: Apache-2.0
"""Which hands are taken for which: true rows, refined ones asked about by a classifier that has never seen one."""

import dataclasses
import json

import pytest
import torch

from handcraft.encode import DOMAINS_SMOKE, DomainClassifier, Domains
from handcraft.errors import HandcraftError
from handcraft.report import write_report
from handcraft.studies.domains import answers, domains_study
from handcraft.studies.domains.study import ConfusedDomains, only, verdict
from tests.studies.toy_sets import plain_set

RENDERS = plain_set(24, seed=1, source="renders", level=0.2, people=8)
PHOTOGRAPHS = plain_set(16, seed=2, source="photographs", level=0.8, is_real=True, people=8)
REFINED = dataclasses.replace(RENDERS, images=PHOTOGRAPHS.images.repeat(2, 1, 1, 1)[:24], source="refined renders")
SETS = {"synthetic": RENDERS, "real": PHOTOGRAPHS, "generated": REFINED}


class ByBrightness(DomainClassifier):
    """Knows renders to be dark."""

    def __init__(self):
        self.names = ("synthetic", "real")

    def predict(self, images):
        return (images.mean((1, 2, 3)) > 0.5).long()


def test_refined_hands_that_are_taken_for_photographs_count_as_right():
    domains = only(Domains.of({name: [each] for name, each in SETS.items()}), "synthetic", "generated")
    found = answers(ByBrightness(), domains, taken_for={"generated": "real"})
    assert found.names == ("synthetic", "real")
    assert found.counts.tolist() == [[24, 0], [0, 24]]
    with pytest.raises(HandcraftError, match="'generated'; say what it is right to take it for"):
        answers(ByBrightness(), domains)


def test_rows_are_the_true_class():
    bright = dataclasses.replace(RENDERS, images=PHOTOGRAPHS.images[:1].repeat(24, 1, 1, 1))
    domains = Domains.of({"synthetic": [bright], "real": [PHOTOGRAPHS]})
    assert answers(ByBrightness(), domains).counts.tolist() == [[0, 24], [0, 16]]


def test_only_keeps_the_images_of_the_named_domains_in_their_order():
    domains = Domains.of({name: [each] for name, each in SETS.items()})
    kept = only(domains, "generated", "synthetic")
    assert kept.names == ("generated", "synthetic")
    assert kept.counts == (24, 24)
    assert torch.equal(kept.images[kept.labels == 0], REFINED.images)


def test_a_study_trains_on_some_people_and_tests_on_the_others(tmp_path):
    config = dataclasses.replace(DOMAINS_SMOKE, image_px=16, device="cpu")
    results = domains_study(tmp_path / "run", SETS, config)
    two, asked, three = results["confusions"]
    assert [one["names"] for one in (two, asked, three)] == [["synthetic", "real"]] * 2 + [list(SETS)]
    learnt = json.loads((tmp_path / "run" / "three-classes" / "run.json").read_text())["inputs"]["domains"]
    tested = dict(zip(three["names"], map(sum, three["counts_true_by_predicted"]), strict=True))
    assert {name: learnt[name] + tested[name] for name in SETS} == {"synthetic": 24, "real": 16, "generated": 24}
    assert tested == {"synthetic": 6, "real": 4, "generated": 6}  # whole people: a quarter of 8
    assert sum(map(sum, asked["counts_true_by_predicted"])) == 12
    page = write_report(tmp_path / "run").read_text()
    assert "Refined hands, taken for renders or for photographs" in page


def test_two_sets_are_one_matrix_and_the_verdict_reads_the_right_cells():
    domains = Domains.of({"synthetic": [RENDERS], "real": [PHOTOGRAPHS]})
    two = ConfusedDomains("", answers(ByBrightness(), domains), "")
    assert verdict([two]).endswith("accuracy of 1.000.")
    counts = {"asked": [[6, 0], [2, 6]], "three": [[5, 1, 0], [0, 3, 1], [0, 1, 3]]}
    asked, three = (
        ConfusedDomains("", dataclasses.replace(two.confusion, names=names, counts=torch.tensor(counts[key])), "")
        for key, names in (("asked", ("synthetic", "real")), ("three", ("synthetic", "real", "generated")))
    )
    assert "75% are taken for photographs; once it has seen some, 25%." in verdict([two, asked, three])
