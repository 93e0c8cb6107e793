"""Start the studio, a dream machine in the browser: the same as the program `kerasdream studio`."""

from kerasdream.cli import run

if __name__ == "__main__":
    run("studio")
