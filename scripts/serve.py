"""Start the studio, a dream machine in the browser; the same as the program `kerasdream-studio`.

python scripts/serve.py              opens http://127.0.0.1:8765
"""

from kerasdream.web.serve import run

run()
