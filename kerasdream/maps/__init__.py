"""Maps: what a layer makes of one's own pictures, laid out so that like is beside like, and drawn."""
