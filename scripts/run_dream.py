"""Dream pictures: the same as the program `kerasdream dream`."""

from kerasdream.cli import run

if __name__ == "__main__":
    run("dream")
