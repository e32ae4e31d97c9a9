# SPDX-License-Identifier: Apache-2.0
"""Can a classifier tell rendered, photographed and refined hands apart? Tables II and III of seed 002."""

from handcraft.studies.domains.study import ConfusedDomains, answers, confused_domains, domains_study

__all__ = ["ConfusedDomains", "answers", "confused_domains", "domains_study"]
