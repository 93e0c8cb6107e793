"""The models that a command line names: a list of those there are, and their layers."""

import kerasdream
from kerasdream.cli.process import quiet_start, results_apart
from kerasdream.config import DEFAULTS


def list_models() -> int:
    """Print the named models with the layers that they dream on by default."""
    quiet_start()
    from kerasdream.model.zoo import ZOO

    for name, entry in ZOO.items():
        print(f"{name:20} {', '.join(entry.defaults['layers'])}")
    return 0


def list_layers(name: str | None) -> int:
    """Print what a model can dream on, and the classes that it was taught."""
    quiet_start()
    from kerasdream.model.card import ModelCard
    from kerasdream.model.saved import is_saved

    with results_apart() as results:
        print(f"{'layer':24} {'channels':>8} {'stride':>6}  look", file=results)
        for layer, channels, stride, look in kerasdream.layers(name or DEFAULTS["model"]):
            print(f"{layer:24} {channels:8} {stride:6}  {look}", file=results)
        if is_saved(name) and (card := ModelCard.read(name)):
            print(f"classes: {', '.join(card.classes)}", file=results)
    return 0
