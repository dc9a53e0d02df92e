"""What makes the site from `docs/`, `lessons/` and the docstrings; `site/build.py` begins here."""
