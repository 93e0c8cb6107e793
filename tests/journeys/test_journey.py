"""Journeys: each frame from the one before, loops that close, and nothing lost on the way."""

import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import kerasdream
from kerasdream.cli import journey as program
from kerasdream.errors import ConfigError, DreamInterrupted, DreamWarning, InputImageError, LayerError, OutputError
from kerasdream.journeys.journey import STEADY, JourneyPlan
from kerasdream.journeys.morph import objective_track
from kerasdream.journeys.motion import Move, transform
from kerasdream.journeys.recipes import RECIPES
from kerasdream.video.comment import read_comment

FEW = {"iterations": 1, "num_octave": 1, "verbose": False, "output": "film"}
SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "run_journey.py"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def picture():
    y, x = np.mgrid[:40, :56] / 9.0
    waves = np.stack([np.sin(x * y / 3), np.cos(x + y), np.sin(2 * x) * np.cos(3 * y)], -1)
    return Image.fromarray(np.clip(127 + 90 * waves, 0, 255).astype(np.uint8))


def film_of(picture, model, **settings):
    """What makes the frames of a journey, without its files."""
    plan = JourneyPlan.of({"model": model, "layers": "relu1", "iterations": 1, "num_octave": 1} | settings, None, None)
    return plan.film(plan.pictures(picture), None)


def frames_in(folder):
    return [np.asarray(Image.open(path)) for path in sorted(pathlib.Path(folder).glob("*.png"))]


def test_each_frame_is_the_dream_of_the_one_before_moved(picture, small_net):
    settings = {"step": 0.02, "iterations": 2, "num_octave": 2, "jitter": 3}
    film = film_of(
        picture, small_net, frames=3, zoom="1 + t/20", angle=2, hold_colors=False, sharpness=None, **settings
    )
    expected = np.asarray(picture, np.float32) / 255
    for number, made in enumerate(film.frames_from(0, None, None)):
        dreamer = kerasdream.Dreamer("relu1", model=small_net, seed=number, **STEADY | settings)
        if number:
            moved = transform(expected, Move(zoom=1 + number / 20, angle=2.0).matrix(40, 56))
            expected = np.clip(moved, 0, 1)
        expected = dreamer.run(expected).image
        assert np.abs(made - expected).max() < 1e-5


def test_keyframes_reach_every_dream_without_compiling_anew(picture, small_net, monkeypatch):
    seen, run = [], kerasdream.Dreamer.run

    def watched(self, *arguments, **options):
        seen.append((self.config.step, self.config.iterations, self.compiled.term_weights.tolist()))
        return run(self, *arguments, **options)

    monkeypatch.setattr(kerasdream.Dreamer, "run", watched)
    film = film_of(
        picture, small_net, frames=5, step="0: 0.01, 4: 0.05", iterations="1 + t/2",
        layers={"relu1": "0: 1, 4: 0", "relu0": "t/4"},
    )  # fmt: skip
    list(film.frames_from(0, None, None))
    assert [step for step, _, _ in seen] == pytest.approx([0.01, 0.02, 0.03, 0.04, 0.05])
    assert [count for _, count, _ in seen] == [1, 2, 2, 2, 3]
    assert [weights for _, _, weights in seen] == [[1, 0], [0.75, 0.25], [0.5, 0.5], [0.25, 0.75], [0, 1]]
    assert film.dreamer.traces <= 1


def test_choices_change_between_the_dreams(picture, small_net, monkeypatch):
    seen, run = [], kerasdream.Dreamer.run

    def watched(self, *arguments, **options):
        seen.append((self.config.detail, self.config.keep_color))
        return run(self, *arguments, **options)

    monkeypatch.setattr(kerasdream.Dreamer, "run", watched)
    moving = {"detail": "0: kept, 2: added", "keep_color": {0: True, 1: False}}
    frames = list(film_of(picture, small_net, frames=3, num_octave=2, **moving).frames_from(0, None, None))
    assert seen == [("kept", True), ("kept", False), ("added", False)]
    grey = list(film_of(picture, small_net, frames=3, num_octave=2, keep_color=True).frames_from(0, None, None))
    assert np.array_equal(frames[0], grey[0])
    assert np.abs(frames[1] - grey[1]).max() > 0.01


def test_noise_takes_the_first_seed_of_its_keyframes(small_net):
    plans = [JourneyPlan.of({"model": small_net, "seed": seed}, None, None) for seed in (7, "7 + t", "0: 8, 5: 7")]
    seven, keyed, eight = (plan.pictures("noise:20x20")[0] for plan in plans)
    assert np.array_equal(seven, keyed)
    assert not np.array_equal(seven, eight)


def test_stages_of_a_morph_pull_equally_strong(picture, small_net):
    """Their gains make up for gradients of other sizes, so that halfway both are seen."""
    film = film_of(picture, small_net, frames=9, layers="0: relu1, 4: relu1:3*2, 6: relu1*1000, 8: relu1:3")
    assert film.gains[[0, 2]] == pytest.approx([1, 1e-3], rel=1e-3)
    assert film.gains[3] == pytest.approx(2 * film.gains[1], rel=1e-3)


def test_directions_of_a_morph_turn(picture, small_net, monkeypatch):
    seen, run = [], kerasdream.Dreamer.run

    def watched(self, *arguments, **options):
        seen.append(self.compiled.constants["0"][[1, 2]].tolist())
        return run(self, *arguments, **options)

    monkeypatch.setattr(kerasdream.Dreamer, "run", watched)
    film = film_of(picture, small_net, frames=3, layers="0: direction(relu1, 1=1), 2: direction(relu1, 2=1)")
    list(film.frames_from(0, None, None))
    assert seen == [[1, 0], pytest.approx([0.5**0.5] * 2), pytest.approx([0, 1], abs=1e-6)]


@pytest.mark.parametrize("moves", [{}, {"zoom": 1.03, "angle": 1.0}, {"x": 2.5, "original": 0.1}])
def test_a_loop_closes(picture, small_net, moves):
    """The step from the last frame to the first is no larger than those between neighbours."""
    film = film_of(picture, small_net, frames=36, loop=True, step=0.03, **moves)
    frames = list(film.frames_from(0, None, None))
    jumps = [np.abs(after - before).mean() for before, after in itertools.pairwise(frames)]
    closing = np.abs(frames[0] - frames[-1]).mean()
    assert closing <= 1.03 * max(jumps)
    open_ended = list(film_of(picture, small_net, frames=36, step=0.03, **moves).frames_from(0, None, None))
    assert np.abs(open_ended[0] - open_ended[-1]).mean() > 3 * closing


def fine_power(picture):
    """The power in the upper half of the spectrum of a picture that is mirrored at its edges."""
    height, width = picture.shape[:2]
    mirrored = np.pad(picture, ((0, height), (0, width), (0, 0)), mode="symmetric")
    rows, columns = np.fft.fftfreq(2 * height), np.fft.fftfreq(2 * width)
    fine = np.hypot(rows[:, None], columns) > 0.25
    return np.square(np.abs(np.fft.fft2(mirrored, axes=(0, 1))))[fine].sum()


def test_a_zoom_stays_sharp(picture, small_net):
    settings = {"frames": 121, "zoom": 1.04, "angle": 1.3, "iterations": 2, "step": 0.01, "sharpness": 1.5}
    frames = film_of(picture, small_net, **settings).frames_from(0, None, None)
    powers = [fine_power(frame) for frame in frames]
    means = np.array([np.mean(powers[end - 20 : end]) for end in (61, 91, 121)])
    assert means == pytest.approx(means[0], rel=0.1)


@pytest.mark.slow
def test_a_zoom_stays_sharp_for_a_thousand_frames():
    film = film_of(kerasdream.sample(), "mini", layers="mixed4", zoom=1.03, frames=1001, side=144, **STEADY)
    powers = [fine_power(picture) for picture in film.frames_from(0, None, None)]
    means = np.array([np.mean(powers[end - 20 : end]) for end in (111, 311, 511, 1001)])
    assert means == pytest.approx(means[0], rel=0.1)


def test_colors_and_detail_are_held(picture, small_net):
    held = list(film_of(picture, small_net, frames=12, step=0.1).frames_from(0, None, None))
    free = list(film_of(picture, small_net, frames=12, step=0.1, hold_colors=False).frames_from(0, None, None))
    drift = [np.abs(frames[-1].mean((0, 1)) - frames[0].mean((0, 1))).max() for frames in (held, free)]
    assert drift[0] < 0.01
    assert abs(held[-1].std() - held[0].std()) < 0.02


def test_a_journey_from_noise_blooms(small_net):
    """Noise is pale, and its detail is grain; a journey from it gets the contrast and detail of a picture, slowly."""
    film = film_of("noise:96x72", small_net, frames=40, iterations=2, step=0.03, zoom=1.03)
    frames = list(film.frames_from(0, None, None))
    contrasts = np.array([frame.std((0, 1)).mean() for frame in frames])
    assert contrasts[0] < 0.07
    assert contrasts[-1] == pytest.approx(0.15, abs=0.01)
    assert (contrasts[1:] / contrasts[:-1]).max() < 1.06
    assert frames[-1].mean((0, 1)) == pytest.approx(0.5, abs=0.02)
    finest, *larger = film.levels[0]
    assert 0.035 < finest / 1.1 < 0.05
    assert larger == pytest.approx([1.1 * 0.035] * 2)


def test_one_picture_becomes_another(picture, small_net):
    other = Image.fromarray(255 - np.asarray(picture)).resize((80, 100))
    film = film_of([picture, other], small_net, frames=5, strength=0, original=1.0, hold_colors=False, sharpness=None)
    frames = list(film.frames_from(0, None, None))
    first, last = film.pictures
    assert last.shape == first.shape == (40, 56, 3)
    for frame, share in zip(frames, (0, 0.15625, 0.5, 0.84375, 1), strict=True):
        assert frame == pytest.approx(first + share * (last - first), abs=0.02)
    closed = film_of([picture, other], small_net, frames=8, loop=True)
    assert closed.original(0) == pytest.approx(first)
    assert closed.original(4) == pytest.approx(last)
    assert closed.original(2) == pytest.approx(closed.original(6), abs=1e-6)


@pytest.mark.parametrize("loop", [False, True])
def test_a_morph_leads_from_one_dream_to_another(picture, small_net, loop):
    """The first frame is the first picture's dream; the other picture's, where it is due, is nearest to its dream."""
    other = Image.fromarray(np.roll(255 - np.asarray(picture), 11, 1))
    settings = {"frames": 24, "original": 0.3, "step": 0.02, "loop": loop, "hold_colors": False, "sharpness": None}
    film = film_of([picture, other], small_net, **settings)
    frames, originals = list(film.frames_from(0, None, None)), film.pictures
    assert frames[0] == pytest.approx(film.dream(originals[0], 0), abs=1e-6)
    there = 12 if loop else 23  # a loop has gone half of its way

    def distance(frame, number):
        return np.abs(frames[frame] - originals[number]).mean()

    assert distance(there, 1) < 0.3 * distance(there, 0)
    assert 0.005 < distance(there, 1) < 0.15
    dreamt = film.dream(originals[1], there) - originals[1]
    added = frames[there] - originals[1]
    assert np.corrcoef(dreamt.ravel(), added.ravel())[0, 1] > 0.2
    closing = np.abs(frames[0] - frames[-1]).mean()
    jumps = [np.abs(after - before).mean() for before, after in itertools.pairwise(frames)]
    assert closing <= 1.03 * max(jumps) if loop else closing > 3 * max(jumps)


def test_colors_and_detail_are_those_of_the_picture_that_is_due(picture, small_net):
    dull = Image.fromarray((np.asarray(picture) // 4 + np.array([150, 20, 60], np.uint8)).astype(np.uint8))
    film = film_of([picture, dull], small_net, frames=24, original=0.3)
    frames = list(film.frames_from(0, None, None))
    assert frames[-1].mean((0, 1)) == pytest.approx(film.pictures[1].mean((0, 1)), abs=0.01)
    assert frames[-1].std((0, 1)) == pytest.approx(film.pictures[1].std((0, 1)), abs=0.01)
    assert np.abs(film.pictures[0].mean((0, 1)) - film.pictures[1].mean((0, 1))).max() > 0.1


def test_a_film_carries_its_settings(picture, small_net):
    settings = {"zoom": "1 + t/50", "layers": {"relu1": "0: 1, 2: 0.5", "relu0": 1.0}, "frames": 3, "step": 0.02}
    made = kerasdream.journey(picture, model=small_net, **FEW | {"output": "a.webp"}, **settings)
    assert (made.path, made.frames) == (pathlib.Path("a.webp"), 3)
    record = json.loads(read_comment("a.webp"))["journey"]
    assert record == settings | {"model": "small", "iterations": 1, "num_octave": 1}
    again = kerasdream.settings_of_journey("a.webp") | {"model": small_net}
    kerasdream.journey(picture, **again, verbose=False, output="b.webp")
    assert pathlib.Path("a.webp").read_bytes() == pathlib.Path("b.webp").read_bytes()
    assert sorted(os.listdir()) == ["a.webp", "b.webp"]


def test_settings_that_name_files_are_opened_only_where_allowed(picture, small_net):
    picture.save("secret.png")
    kerasdream.journey(picture, model=small_net, layers="0: relu1, 2: guide(relu1, secret.png)", frames=2, **FEW)
    with pytest.raises(InputImageError, match=r"name files: secret\.png"):
        kerasdream.settings_of_journey("film")
    assert kerasdream.settings_of_journey("film", files=True)["layers"] == "0: relu1, 2: guide(relu1, secret.png)"
    with pytest.raises(InputImageError, match="holds no settings of a journey"):
        kerasdream.settings_of_journey("secret.png")


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("loop", [False, True])
def test_the_same_call_goes_on_where_it_ended(picture, small_net, fault, loop):
    settings = FEW | {"model": small_net, "layers": "relu1", "frames": 7, "zoom": 1.05, "loop": loop, "original": 0.05}
    whole = kerasdream.journey(picture, **settings | {"output": "whole"})
    seen = []

    def stop_once(frame):
        seen.append(frame.number)
        if frame.number in (0, 4) and seen.count(frame.number) == 1:
            raise fault

    for _ in range(2):
        with pytest.raises(DreamInterrupted if fault is KeyboardInterrupt else fault) as caught:
            kerasdream.journey(picture, **settings, callback=stop_once)
    if fault is KeyboardInterrupt:
        partial = caught.value.result
        assert (partial.path, partial.frames) == (pathlib.Path("film-partial"), 5)
        assert all(np.array_equal(*pair) for pair in zip(frames_in("film-partial"), frames_in("whole"), strict=False))
    kerasdream.journey(picture, **settings, callback=stop_once)
    assert seen == list(range(7))
    assert whole.frames == 7
    for name in sorted(os.listdir("whole")):
        assert pathlib.Path("film", name).read_bytes() == pathlib.Path("whole", name).read_bytes()
    assert not os.path.exists("film.frames")


def test_other_settings_begin_anew(picture, small_net):
    def stop(frame):
        if frame.number == 1:
            raise RuntimeError

    settings = FEW | {"model": small_net, "layers": "relu1", "frames": 3}
    with pytest.raises(RuntimeError):
        kerasdream.journey(picture, **settings, zoom=1.1, callback=stop)
    with pytest.warns(DreamWarning, match="frames of other settings"):
        kerasdream.journey(picture, **settings, zoom=1.2)
    assert len(frames_in("film")) == 3


def test_a_kill_loses_at_most_the_frame_in_hand(picture):
    picture.save("in.png")
    line = ["in.png", "--model=mini", "--layers=mixed1", "--iterations=1", "--num_octave=1", "--zoom=1.02"]
    environment = os.environ | {"PYTHONPATH": str(SCRIPT.parents[1])}
    command = [sys.executable, str(SCRIPT), *line, "--frames=400", "--output=film"]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    work = pathlib.Path("film.frames")
    while running.poll() is None and len(list(work.glob("*.png"))) < 5:
        pass
    running.send_signal(signal.SIGKILL)
    running.wait()
    with np.load(work / "state-000001.npz") as state:
        done = int(state["done"])
        assert state["picture"].shape == state["first"].shape == (40, 56, 3)
    assert done >= 4
    assert {f"{number:06d}.png" for number in range(1, done + 1)} <= set(os.listdir(work))
    assert all(Image.open(path).convert("RGB").size == (56, 40) for path in work.glob("*.png"))


@pytest.mark.parametrize(
    ("settings", "fault", "said"),
    [
        ({"zooom": 1.1}, ConfigError, r"no setting 'zooom'. Did you mean 'zoom'"),
        ({"zoom": 0}, ConfigError, "At frame 0: zoom=0.0 is out of range"),
        ({"zoom": "1 + t*t"}, ConfigError, "At frame 4: zoom=17.0 is out of range"),
        ({"step": "0.02 - t/100"}, ConfigError, "At frame 2: step=0.0 is out of range"),
        ({"zoom": "1.0 +"}, ConfigError, r"zoom cannot be read: a number.* at character 6"),
        ({"gradient_blur": "t"}, ConfigError, "gradient_blur cannot be read: it stays the same in all frames"),
        ({"num_octave": "2 - t/5", "octaves_above": 1}, ConfigError, "At frame 3: octaves_above=1"),
        ({"frames": 0}, ConfigError, "frames=0 was given"),
        ({"fps": "fast"}, ConfigError, "fps='fast' was given"),
        ({"loop": "yes"}, ConfigError, "loop='yes' was given"),
        ({"sharpness": 0}, ConfigError, "sharpness=0"),
        ({"recipe": "zom"}, ConfigError, "no recipe 'zom'. Did you mean 'zoom'"),
        ({"layers": "relu9"}, LayerError, "relu9"),
        ({"layers": "0: relu1, 5: 3x"}, ConfigError, "cannot be read"),
        ({"output": "no/film"}, OutputError, "There is no folder"),
        ({"callback": 3}, ConfigError, "callback=3"),
        ({"snapshots": 2}, ConfigError, "keeps no snapshots"),
    ],
)
def test_what_cannot_be_is_told_before_the_first_frame(picture, small_net, settings, fault, said, monkeypatch):
    monkeypatch.setattr(kerasdream.Dreamer, "run", None)
    settings = FEW | {"model": small_net, "layers": "relu1", "frames": 6} | settings
    if "octaves_above" in settings:
        del settings["iterations"]
    with pytest.raises(fault, match=said):
        kerasdream.journey(picture, **settings)


def test_recipes_are_journeys():
    for name, recipe in RECIPES.items():
        plan = JourneyPlan.of({"model": "mini"}, name, None)
        assert recipe.settings.items() <= plan.settings.items()
        objective_track(plan.settings["layers"], plan.clock)
        assert plan.timeline.values(plan.clock.frames - 1).keys() == plan.timeline.tracks.keys()


def test_the_program_makes_a_film_and_takes_its_settings(picture, capsys):
    picture.save("in.png")
    few = ["in.png", "--model=mini", "--iterations=1", "--num_octave=1"]
    assert program.main(["journey", *few, "--layers=mixed1", "--frames=3", "--zoom=0: 1, 2: 1.1", "--output=a"]) == 0
    assert capsys.readouterr().out.startswith("a  (3 frames")
    assert program.main(["journey", "in.png", "--from=a", "--frames=2", "--max_loss=none", "--output=b"]) == 0
    assert kerasdream.settings_of_journey("b") == {
        "model": "mini", "iterations": 1, "num_octave": 1, "layers": "mixed1", "frames": 2, "zoom": "0: 1, 2: 1.1",
        "max_loss": None,
    }  # fmt: skip
    assert program.main(["journey", "in.png", "--zoom=1 +* 2", "--output=c"]) == 2
    assert "character 4" in capsys.readouterr().err
    keyed = ["--keep_color=0: true, 1: false", "--detail=added", "--layers=mixed1", "--frames=2", "--output=d"]
    assert program.main(["journey", *few, *keyed]) == 0
    assert kerasdream.settings_of_journey("d")["keep_color"] == "0: true, 1: false"
    assert program.main(["journey", "in.png", "--from=d", "--nokeep_color", "--output=e"]) == 0
    assert kerasdream.settings_of_journey("e")["keep_color"] is False
    capsys.readouterr()
    assert program.main(["journey", "--list_recipes"]) == 0
    assert capsys.readouterr().out.startswith("zoom")
