"""Microscopes: a page for each channel of a network, with what it looks for and what it found, as a site of files."""
