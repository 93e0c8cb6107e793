"""Eyes, and away from what mixed1 knows."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "mixed3 - 0.3*mixed1", model="inception_v3", num_octave=4, octave_scale=1.5, jitter=48, step=0.015, max_loss=None
)
dreamer.run("forest.jpg").save("objective_weights_forest.webp")
