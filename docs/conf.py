"""How Sphinx builds these pages; what it shows is made by generate.py and execute.py."""

import sys
from pathlib import Path

import matplotlib

sys.path.insert(0, str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1] / "tests" / "benchmarks"))  # tables and pictures of the figures there
matplotlib.use("Agg")

import neurosim  # after the backend is chosen

project = "neurosim"
author = "The neurosim developers"
release = version = neurosim.__version__
copyright = author

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax", "execute", "generate"]
exclude_patterns = ["_build", "generated/run", "generated/tables", "brian2-agreement.md"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_custom_sections = [("Attributes", "params_style")]  # for entries such as "dt, duration : float"
default_role = "py:obj"  # what docstrings set in single backticks
add_module_names = False

html_theme = "pydata_sphinx_theme"
html_title = f"neurosim {version}"
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"tutorial": [], "examples": [], "index": [], "coming-from": [], "peers": []}
html_theme_options = {
    "logo": {"text": "neurosim"},
    "show_prev_next": True,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
}
