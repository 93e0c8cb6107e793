"""Many pictures on many machines, with Ray: a data set that is dreamt, and a batch that a cluster dreams."""

from kerasdream.ray.cluster import cluster as cluster  # says what is missing without Ray
from kerasdream.ray.dataset import dream as dream
from kerasdream.ray.run import dream_many as dream_many
