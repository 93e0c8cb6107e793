"""Journeys: dreams that move, from frame to frame."""
