# SPDX-License-Identifier: Apache-2.0
"""One file per public data set; each docstring is the set's data sheet."""

from handcraft.data.readers.freihand import FreiHAND
from handcraft.data.readers.joints_json import JointsJson
from handcraft.data.readers.photographs import PhotographFolder
from handcraft.data.readers.reader import Reader, SkippedFile

__all__ = ["FreiHAND", "JointsJson", "PhotographFolder", "Reader", "SkippedFile"]
