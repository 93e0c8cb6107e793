"""Names of channels: what people see in the pictures of some of them."""

MIXED = {  # InceptionV3's, and so mini's, which was made from it channel by channel
    "mixed0": {
        0: "coloured weave", 32: "plaid", 64: "ripples", 96: "lights at night", 128: "meadows", 160: "soft spots",
        192: "surf", 224: "rings",
    },
    "mixed1": {
        0: "scales", 36: "net", 72: "curtains", 108: "northern lights", 144: "petals", 180: "spotted hills",
        216: "beads", 252: "brushed lines",
    },
    "mixed2": {
        0: "pores", 5: "honeycomb", 20: "roses", 36: "bubbles", 72: "braids", 108: "knitting", 144: "arches",
        180: "feathers", 190: "blossoms", 216: "ribbons", 230: "weave", 252: "studs",
    },
    "mixed3": {
        0: "wings", 96: "blossom", 192: "pebbles", 288: "fur", 384: "shells", 480: "berries", 576: "shingles",
        672: "eyes",
    },
    "mixed4": {
        0: "mirror ball", 96: "coils", 192: "fans", 288: "rope", 384: "moss", 480: "bouquet", 576: "squiggles",
        672: "wisps",
    },
    "mixed5": {0: "nest", 96: "veins", 192: "curls", 288: "faces"}
    | dict.fromkeys((424, 494, 526, 545, 550, 650), "buildings"),
}  # fmt: skip
NAMES: dict[str, dict[str, dict[int, str]]] = {"mini": MIXED, "inception_v3": MIXED}  # by model and layer


def name_of(model: str, layer: str, channel: int) -> str:
    """Return the name of a channel, empty where none is known.

    >>> name_of("mini", "mixed2", 20), name_of("mini", "mixed2", 21)
    ('roses', '')
    """
    return names_in(model, layer).get(channel, "")


def names_in(model: str, layer: str) -> dict[int, str]:
    """Return the names of the channels of a layer, by their numbers."""
    return NAMES.get(model, {}).get(layer, {})
