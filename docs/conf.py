"""How the site is built: `.ci/site`, or `python -m sphinx docs build/site`. Nothing comes from the network."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "_extensions")]
# Notebooks run in kernels of their own, which see the same checkout, and load the framework without its notices.
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
startup = ROOT / "build" / "ipython" / "profile_default" / "startup"
startup.mkdir(parents=True, exist_ok=True)
(startup / "quiet.py").write_text("from kerasdream import cli\n\ncli.quiet_start()\n")
os.environ["IPYTHONDIR"] = str(startup.parents[1])

import kerasdream  # noqa: E402
from kerasdream import cli  # noqa: E402

cli.quiet_start()

project = "kerasdream"
author = "the authors of kerasdream"
copyright = author
version = release = kerasdream.__version__

extensions = [
    "made_from_code",
    "gallery",
    "dream_here",
    "notebooks",
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
]
exclude_patterns = ["examples"]


myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints_format = "short"
autoclass_content = "both"
autodoc_member_order = "bysource"
default_role = "code"  # docstrings mark code as Markdown does
maximum_signature_line_length = 80
python_use_unqualified_type_names = True

nb_execution_mode = "cache"
nb_execution_cache_path = str(ROOT / "build" / "notebooks")
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_execution_timeout = 300
nb_merge_streams = True
nb_output_stderr = "remove"  # progress bars
nb_mime_priority_overrides = [("html", "image/jpeg", 5)]  # a tenth of the bytes of PNG

smartquotes = False

html_theme = "furo"
html_title = "kerasdream"
html_favicon = "../kerasdream/web/static/icon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("compare.js", {"defer": "defer"})]
html_extra_path = ["study_inception_v3.html"]
html_copy_source = False
html_show_sourcelink = False
