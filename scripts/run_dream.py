"""Dream pictures from the command line; the same as the program `kerasdream`.

python scripts/run_dream.py                                    dreams the sample picture into dream.png
python scripts/run_dream.py --image=sky.jpg --octave_scale=1.3
"""

from kerasdream.cli import run

run()
