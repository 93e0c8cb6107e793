"""Measure the mean spectrum of photographs that comes with the package.

    python scripts/measure_spectrum.py photographs/ kerasdream/image/spectrum.npz

The one in the package is of the 1000 photographs, one for each class of ImageNet, that the network mini was trained
on. Only its 864 numbers are kept.
"""

import sys

import kerasdream


def main() -> None:
    """Measure and write it."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, target = sys.argv[1:]
    print(kerasdream.spectrum(folder).save(target, overwrite=True))


if __name__ == "__main__":
    main()
