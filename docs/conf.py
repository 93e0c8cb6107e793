"""How the site is built: `.ci/site`, or `python -m sphinx docs build/site`. Nothing comes from the network."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
# Notebooks run in kernels of their own, which see the same checkout and hear as little of the framework.
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import kerasdream  # noqa: E402

project = "kerasdream"
author = "the authors of kerasdream"
copyright = author
version = release = kerasdream.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["examples"]
suppress_warnings = ["toc.empty_glob"]  # a section whose pages are still to come

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

nb_execution_mode = "cache"
nb_execution_cache_path = str(ROOT / "build" / "notebooks")
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_execution_timeout = 300
nb_merge_streams = True

html_theme = "furo"
html_title = "kerasdream"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["study_inception_v3.html"]
html_copy_source = False
html_show_sourcelink = False
