"""Terms and sums: their arithmetic, their text form, and errors for what is no objective."""

import pickle

import numpy as np
import pytest
from PIL import Image

from kerasdream.errors import ConfigError
from kerasdream.objectives import (
    L2,
    Caricature,
    Class,
    Content,
    Direction,
    Function,
    Guide,
    Layer,
    Masked,
    Objective,
    Statistics,
    StoredDirection,
    TotalVariation,
    objective,
    objective_of,
)
from kerasdream.objectives.term import LayerTerm, Term
from kerasdream.pixels import Pixels, read_picture

EVERY = {
    "mixed4": Layer("mixed4"),
    "mixed4:150": Layer("mixed4", 150),
    "mixed4:30,150": Layer("mixed4", (30, 150)),
    "mixed4:150@3,4": Layer("mixed4", 150, at=(3, 4)),
    "mixed4:150@centre": Layer("mixed4", 150, at="centre"),
    "mixed4:strong5": Layer("mixed4", pick="strong5"),
    "mixed4:weak12/octave": Layer("mixed4", pick="weak12/octave"),
    "mean(mixed4:7)": Layer("mixed4", 7, measure="mean"),
    "norm(backbone/mixed4)": Layer("backbone/mixed4", measure="norm"),
    "'my-layer':3": Layer("my-layer", 3),
    "'2c':3": Layer("2c", 3),
    r"guide(mixed4, 'C:\pics\m.png')": Guide("mixed4", r"C:\pics\m.png"),
    "direction(mixed4, 30=1.0, 150=-0.5)": Direction("mixed4", {30: 1.0, 150: -0.5}),
    "direction(mixed4, stripes.npz)": StoredDirection("mixed4", "stripes.npz"),
    "direction('my-layer', 'my parts.npz', 3)": StoredDirection("my-layer", "my parts.npz", 3),
    "class:tabby": Class("tabby"),
    "class:281": Class(281),
    "guide(mixed4, flowers.jpg)": Guide("mixed4", "flowers.jpg"),
    "guide(mixed4, 'my flowers.jpg', cosine)": Guide("mixed4", "my flowers.jpg", "cosine"),
    "caricature(mixed7, dog.jpg)": Caricature("mixed7", "dog.jpg"),
    "caricature('my-layer', 'a dog.jpg', 0.5)": Caricature("my-layer", "a dog.jpg", 0.5),
    "content(mixed2)": Content("mixed2"),
    "content('my-layer', balanced)": Content("my-layer", balanced=True),
    "statistics(mixed4, moss.jpg)": Statistics("mixed4", "moss.jpg"),
    "statistics('my-layer', 'my moss.jpg', bark.png)": Statistics("my-layer", ["my moss.jpg", "bark.png"]),
    "tv()": TotalVariation(),
    "l2()": L2(),
    "inside(face.png, mixed4:3)": Masked(Layer("mixed4", 3), "face.png"),
    "outside(face.png, mean(mixed4))": Masked(Layer("mixed4", measure="mean"), "face.png", invert=True),
}


@pytest.mark.parametrize("text", EVERY)
def test_every_term_is_its_text_and_back(text):
    term = EVERY[text]
    assert str(term) == text
    assert objective(text) == Objective(((term, 1.0),))
    assert eval(repr(term)) == objective(term)
    assert pickle.loads(pickle.dumps(term)) == term
    assert hash(pickle.loads(pickle.dumps(term))) == hash(term)
    other = 0.25 * Layer("other") - term
    assert objective(str(other)) == other
    assert objective(other.as_dict()) == other
    assert dict(other.terms)[term] == -1.0


def test_sums_are_weighted_one_by_one():
    a, b = Layer("a"), Layer("b")
    assert (a + 0.5 * b).terms == ((a, 1.0), (b, 0.5))
    assert (2 * (a + 0.5 * b) - b * 3).terms == ((a, 2.0), (b, -2.0))
    assert (-a).terms == ((a, -1.0),)
    assert (a + b + a).terms == ((a, 2.0), (b, 1.0))
    assert sum([a, b, a]) == 2 * a + b
    assert str(2 * a - 0.1 * b) == "a*2.0 + b*-0.1"


def test_all_forms_that_users_write_mean_the_same():
    wanted = 2 * Layer("mixed4") + Layer("mixed5", (30, 150))
    for form in (
        "mixed4=2, mixed5:30,150",
        "mixed4*2 + mixed5:30,150",
        "2*mixed4 + mixed5:30,150",
        {"mixed4": 2, "mixed5:30,150": 1},
        [("mixed4", 2.0), "mixed5:30,150"],
        ["mixed4=2", Layer("mixed5", (30, 150))],
        {Layer("mixed4"): np.float32(2), "mixed5:30,150": 1},
    ):
        assert objective(form) == wanted, form
    assert objective("mixed4:3, 2*mixed5") == objective("mixed4:3 + mixed5*2")
    assert objective("mixed4:3,0.5*mixed5") == objective("mixed4:3 + mixed5*0.5")
    assert objective("mixed4:30,150*2") == 2 * Layer("mixed4", (30, 150))
    assert objective(["mixed4 - mixed5"]) == Layer("mixed4") - Layer("mixed5")
    assert Layer("a", 5, at="center") == Layer("a", 5, at="centre")
    assert Direction("a", [(1, 1.0), (1, 0.5)]) == Direction("a", {1: 1.5})
    assert objective("mixed4=-1.5").terms == ((Layer("mixed4"), -1.5),)
    assert objective({"block-1": 2}) == 2 * Layer("block-1")
    assert objective("class:hen-of-the-woods") == objective(Class("Hen-of-the-woods"))


def test_layers_are_named_once():
    both = Layer("a", 1) + Layer("a", 2) + Layer("b").inside("m.png") + Class(3) + TotalVariation()
    assert both.layers() == ("a", "b")


def test_masks_go_around_every_term():
    assert str((Layer("a") + 2 * Layer("b")).inside("m.png")) == "inside(m.png, a) + inside(m.png, b)*2.0"
    assert str(Layer("a").outside("m.png")) == "outside(m.png, a)"
    with pytest.raises(ConfigError, match="has a mask already"):
        Layer("a").inside("m.png").outside("n.png")


def test_pictures_as_numbers_are_compared_by_value():
    mask = np.zeros((2, 3), bool)
    mask[0] = True
    read = read_picture(mask)
    assert read == read_picture(mask.astype(float)) == Pixels((2, 3), bytes([255] * 3 + [0] * 3))
    assert Guide("a", mask) == Guide("a", mask.copy())
    assert hash(Guide("a", mask)) == hash(Guide("a", mask.copy()))
    with pytest.raises(ConfigError, match="give the picture again"):
        objective(str(Guide("a", mask)))
    with pytest.raises(ConfigError, match=r"shape \(3,\) and dtype uint8"):
        read_picture(np.zeros(3, np.uint8))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "cannot be read from '' on: a layer such as"),
        ("mixed4:", "cannot be read from ':' on: '\\+', '-' or '\\*'"),
        ("mixed4 mixed5", "' mixed5' on"),
        ("mixed4*x", "a number was expected"),
        ("guide(mixed4)", "',' was expected"),
        ("mean(class:tabby)", r"a layer inside mean\( \)"),
        ("mixed4:strong0", "pick='strong0'"),
        ({}, "no layer is named"),
        ([], "no layer is named"),
        (["a", "a"], "'a' is named twice"),
        ({"a": "much"}, "weight 'much'; a number"),
        ({"a": float("nan")}, "a has the weight nan"),
        ({3: 1.0}, "3 is not a layer name"),
    ],
)
def test_what_is_no_objective_says_so(value, words):
    with pytest.raises(ConfigError, match=words):
        objective(value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Layer(""), "is not a layer name"),
        (lambda: Layer("a", -1), "Channel -1 of 'a'"),
        (lambda: Layer("a", 1.5), "Channel 1.5 of 'a'"),
        (lambda: Layer("a", 5, at=5), "at=5 was given"),
        (lambda: Direction("a", np.ones((2, 2))), "has 2 axes"),
        (lambda: objective(150), "150 was given; text, terms"),
        (lambda: Layer("a", at=(1, 2)), "with 0 channels; one was expected"),
        (lambda: Layer("a", 1, at=(1,)), r"at=\(1,\)"),
        (lambda: Layer("a", 1, pick="strong5"), "pick='strong5' was given with 1 channels"),
        (lambda: Layer("a", measure="max"), "measure='max' was given; square, mean, norm"),
        (lambda: Direction("a", [0.0, 0.0]), "finite numbers, not all 0"),
        (lambda: Class(True), "The class True"),
        (lambda: Guide("a", "g.png", "euclid"), "match='euclid'"),
        (lambda: Layer("a") * "2", "unsupported operand|can't multiply"),
    ],
)
def test_what_is_no_term_says_so(make, words):
    with pytest.raises((ConfigError, TypeError), match=words):
        make()


def test_pil_images_mean_what_their_files_mean(tmp_path):
    two = Image.new("RGB", (4, 2), "white")
    two.paste("black", (0, 0, 2, 2))
    wanted = read_picture(np.asarray(two.convert("L")))
    for image in (two.convert("P"), two.quantize(2), two.convert("LA"), two.convert("CMYK"), two.convert("1")):
        read = read_picture(image)
        grey = np.frombuffer(read.data, np.uint8).reshape(read.size)
        grey = grey if grey.ndim == 2 else grey[..., 0]
        assert np.array_equal(grey > 128, np.frombuffer(wanted.data, np.uint8).reshape(2, 4) > 128), image.mode


def test_records_keep_two_files_of_one_name_apart():
    both = Guide("a", "x/f.jpg") - Guide("a", "y/f.jpg") + Guide("b", "x/f.jpg")
    assert str(both.without_folders()) == "guide(a, f.jpg) + guide(a, 'other-f.jpg')*-1.0 + guide(b, f.jpg)"


def test_a_direction_may_be_written_out():
    assert Direction("a", [0.0, 2.0, -1.0]) == Direction("a", {1: 2.0, 2: -1.0})


def test_a_function_is_an_objective_that_no_text_brings_back():
    def spread(activations):
        return activations

    made = objective_of(spread, "mixed4") + 0.5 * Layer("mixed5")
    assert made.layers() == ("mixed4", "mixed5")
    assert made == objective_of(spread, ["mixed4"]) + 0.5 * Layer("mixed5")
    assert made != objective_of(lambda activations: activations, ["mixed4"]) + 0.5 * Layer("mixed5")
    assert str(made) == "<function spread(mixed4)> + mixed5*0.5"
    with pytest.raises(ConfigError, match=r"<function spread\(mixed4\)> stands for a function given in Python"):
        objective(made.as_dict())
    for function, layers, words in ((3, "a", "3 was given; a function"), (spread, [], "one layer name or more")):
        with pytest.raises(ConfigError, match=words):
            objective_of(function, layers)
    with pytest.raises(ConfigError, match="To follow a function, give objective_of"):
        objective(spread)


def test_every_kind_of_term_is_tried_here():
    tried = {type(term) for term in EVERY.values()} | {Function}
    kinds = {
        kind
        for parent in (Term, LayerTerm)
        for kind in parent.__subclasses__()
        if kind.__module__.startswith("kerasdream.objectives")
    }
    assert kinds - {LayerTerm} == tried
