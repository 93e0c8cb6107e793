"""Networks: the named ones, their weights, and any Keras model as activations by layer name."""
