"""Films dreamt without flicker: what the dream added travels with the motion of the film."""
