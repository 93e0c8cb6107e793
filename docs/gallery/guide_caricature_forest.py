"""The castle's caricature, in the forest."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "caricature(mixed4, castle.jpg)", model="inception_v3", num_octave=4, octave_scale=1.5, step=0.015, max_loss=None
)
dreamer.run("forest.jpg").save("guide_caricature_forest.webp")
