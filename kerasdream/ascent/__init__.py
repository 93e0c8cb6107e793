"""Gradient ascent on a picture: the step, the loop over octaves, tiles; one file for each framework."""
