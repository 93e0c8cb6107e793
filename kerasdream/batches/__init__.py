"""Many pictures: read, dreamt in groups, written, and remembered, so that a run goes on where it ended."""
