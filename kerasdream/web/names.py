"""Names of channels: what people see in the pictures of some of them."""

NAMES: dict[str, dict[str, dict[int, str]]] = {  # by model and layer
    "mini": {"mixed2": {5: "honeycomb", 20: "roses", 190: "blossoms", 230: "weave"}},
}


def name_of(model: str, layer: str, channel: int) -> str:
    """Return the name of a channel, empty where none is known.

    >>> name_of("mini", "mixed2", 20), name_of("mini", "mixed2", 21)
    ('roses', '')
    """
    return names_in(model, layer).get(channel, "")


def names_in(model: str, layer: str) -> dict[int, str]:
    """Return the names of the channels of a layer, by their numbers."""
    return NAMES.get(model, {}).get(layer, {})
