"""What is dreamt already, small enough to be sent to every machine."""

import hashlib
from collections.abc import Iterable

import numpy as np

from kerasdream.batches.manifest import Row
from kerasdream.batches.samples import Sample
from kerasdream.types import Array

BYTES = 16  # of a hash, for each dream


def hash_of(key: str, content: str, settings: str) -> bytes:
    """Return the hash of a row of the manifest."""
    return hashlib.sha256("\0".join((key, content, settings)).encode()).digest()[:BYTES]


class KnownDreams:
    """The hashes of dreams, sorted; all processes of a machine share them.

    >>> known = KnownDreams.of([Row("birds/1", "00ff", "12")])
    >>> known.holds(Sample("birds/1", "birds/1.jpg"), "00ff", "12")
    True
    >>> known.holds(Sample("birds/1", "birds/1.jpg"), "00fe", "12")
    False
    """

    def __init__(self, hashes: Array):
        self.hashes = hashes

    @classmethod
    def of(cls, rows: Iterable[Row]) -> "KnownDreams":
        """Return what some rows of a manifest say."""
        hashes = np.fromiter((hash_of(row.key, row.content, row.settings) for row in rows), f"V{BYTES}")
        return cls(np.sort(hashes.view(f"S{BYTES}")))

    def holds(self, sample: Sample, content: str, settings: str) -> bool:
        """Say whether a sample is dreamt already, with this content and these settings."""
        wanted = np.frombuffer(hash_of(sample.key, content, settings), f"S{BYTES}")[0]
        place = int(np.searchsorted(self.hashes, wanted))
        return place < len(self.hashes) and bool(self.hashes[place] == wanted)
