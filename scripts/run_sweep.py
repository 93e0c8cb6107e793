"""Dream one picture with several values of any knobs: the same as the program `kerasdream sweep`."""

from kerasdream.cli import run

if __name__ == "__main__":
    run("sweep")
