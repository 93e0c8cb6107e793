"""Draw from noise what a network looks for: the same as the program `kerasdream visualize`."""

from kerasdream.cli import run

if __name__ == "__main__":
    run("visualize")
