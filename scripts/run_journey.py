"""Dream a film that moves: the same as the program `kerasdream journey`."""

from kerasdream.cli import run

if __name__ == "__main__":
    run("journey")
