"""Ask what a network remembers: the same as the program `kerasdream study`."""

from kerasdream.cli import run

if __name__ == "__main__":
    run("study")
