"""The network that is taught, and its steps."""

import keras
import numpy as np
import pytest
from conftest import only_tensorflow
from discs_and_bars import bars, class_of, disc
from keras import ops

from kerasdream.model import zoo
from kerasdream.teaching.classes import PictureClass
from kerasdream.teaching.config import TeachConfig
from kerasdream.teaching.kinds import split_into_kinds
from kerasdream.teaching.lessons import Lessons
from kerasdream.teaching.network import freeze_below, network, take_weights
from kerasdream.teaching.trainer import Trainer

pytestmark = only_tensorflow


@pytest.fixture(scope="module")
def trainer():
    config = TeachConfig(side=96, batch=6, precision="float32")
    model = network("mini", 3)
    take_weights(model, "mini", "imagenet")
    freeze_below(model, "mixed6")
    return Trainer(model, Lessons([class_of("bars", bars), class_of("discs", disc)], config), config)


def test_it_begins_as_its_base(trainer):
    pixels = trainer.lessons.batch(0)[0][:1]
    base = zoo.build("mini", "imagenet", 0, ["mixed7"])
    taught = keras.Model(trainer.model.input, trainer.model.get_layer("mixed7").output)
    np.testing.assert_allclose(
        ops.convert_to_numpy(taught(pixels)), ops.convert_to_numpy(base(pixels / 127.5 - 1)), atol=2e-3
    )


def test_it_is_made_of_keras_own_layers(trainer):
    assert {type(layer).__module__.split(".")[0] for layer in trainer.model.layers} == {"keras"}


def test_what_misleads_raises_the_error_by_more_than_noise(trainer):
    pixels, labels = trainer.lessons.batch(1)
    rng = np.random.default_rng(0)

    def error(pixels):
        return -np.log(trainer.probabilities(pixels)[np.arange(len(labels)), labels]).mean()

    changes = trainer.misleading(pixels, labels, rng)
    assert error(pixels + changes) > error(pixels)
    assert 0 < np.sqrt(np.mean(changes**2, (1, 2, 3))).max() <= 127.5 * 0.06 * 1.001


def test_a_step_changes_the_upper_blocks_only_and_a_state_brings_all_back(trainer):
    trainer.step(0, 0.0)
    before, lower = trainer.state(), trainer.model.get_layer("mixed5").output
    function = keras.Model(trainer.model.input, lower)
    pixels = trainer.lessons.batch(0)[0][:1]
    seen = ops.convert_to_numpy(function(pixels))
    first = trainer.step(1, 0.0)
    after = trainer.state()
    assert max(np.abs(one - other).max() for one, other in zip(before, after, strict=True)) > 1e-6
    np.testing.assert_array_equal(ops.convert_to_numpy(function(pixels)), seen)
    trainer.restore(before)
    assert trainer.step(1, 0.0) == pytest.approx(first, rel=1e-5)
    for one, other in zip(trainer.state(), after, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_flat_folder_of_two_kinds_is_split_into_them(trainer):
    both = [*class_of("bars", bars, 35).pictures, *class_of("discs", disc, 35).pictures]
    kinds = split_into_kinds(PictureClass("things", both, list(range(70))), trainer.model, 96, 0)
    assert [kind.name for kind in kinds] == ["things-1", "things-2"]
    for kind in kinds:
        share = np.mean([any(picture is bar for bar in both[:35]) for picture in kind.pictures])
        assert min(share, 1 - share) < 0.2
    few = PictureClass("few", both[:40], list(range(40)))
    assert split_into_kinds(few, trainer.model, 96, 0) == [few]


def test_the_learning_rate_warms_up_and_falls(trainer):
    rates = []
    for number, share in ((0, 0.0), (100, 0.5), (200, 1.0)):
        trainer.step(number, share)
        rates.append(float(trainer.optimizer.learning_rate))
    np.testing.assert_allclose(rates, [1e-3 / 30, 5e-4, 0.0], atol=1e-9)
