"""The command line: flags from the config, files out, statuses that scripts can rely on."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

import kerasdream
from kerasdream import cli, presets
from kerasdream.config import DEFAULTS, KNOBS
from kerasdream.errors import InputImageError

FAST = ["--model=mobilenet_v2", "--weights=random", "--layers=block_3_expand_relu", "--iterations=1", "--max_loss=none"]


@pytest.fixture
def here(tmp_path, monkeypatch, photo):
    """An empty folder with a picture to work in."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo).save("sky.png")
    return tmp_path


def pixels(path):
    """A saved picture as an array, its file closed."""
    with Image.open(path) as image:
        return np.asarray(image)


def run(*arguments):
    return cli.main(["kerasdream", *map(str, arguments)])


def script(*arguments, **options):
    path = os.path.join(os.path.dirname(__file__), "..", "scripts", "run_dream.py")
    return subprocess.run([sys.executable, path, *arguments], capture_output=True, text=True, **options)


def test_help_is_quick_and_takes_no_framework():
    best = 9.0
    for _ in range(3):
        began = time.monotonic()
        done = script("--help")
        best = min(best, time.monotonic() - began)
    assert done.returncode == 0
    for name in [*KNOBS, "image", "output", "from", "list_layers", "flagfile"]:
        assert f"--{name}" in done.stdout or f"--[no]{name}" in done.stdout
    assert best < 1.0
    code = "import sys; from kerasdream import cli; cli.main(['kerasdream', '--help']); print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert not {"'keras'", "'tensorflow'", "'PIL'"} & set(loaded.replace("[", " ").replace(",", " ").split())


def test_no_picture_named_dreams_the_sample(here, capsys):
    assert run(*FAST) == 0
    assert kerasdream.settings_of("dream.png")["model"] == "mobilenet_v2"
    assert pixels("dream.png").shape == (512, 768, 3)
    assert run(*FAST) == 0
    assert np.array_equal(pixels("dream.png"), pixels("dream-2.png"))
    assert "dream-2.png  (loss " in capsys.readouterr().out


def test_every_knob_reaches_the_dream(here):
    text = {
        "layers": "block_2_add=0.5,block_3_expand_relu",
        "octave_scale": "1.2",
        "num_octave": "2",
        "iterations": "2",
        "step": "0.02",
    }
    text |= {
        "max_loss": "7",
        "seed": "3",
        "device": "cpu",
        "max_pixels": "100000",
        "model": "mobilenet_v2",
        "weights": "random",
        "preset": "google2015",
        "octaves_above": "1",
        "detail": "none",
        "normalize": "std",
        "optimizer": "adam",
        "clip": "false",
        "jitter": "3",
        "turns": "true",
        "smooth_samples": "2",
        "smooth_noise": "0.1",
        "gradient_blur": "0.5,1.5",
        "blur_growth": "0.5",
        "blur_kind": "cascade",
        "gradient_scales": "1",
        "mask": "sky.png",
        "strength": "0.9",
        "keep_color": "true",
        "snapshots": "2",
        "precision": "bfloat16",
        "memory": "3GB",
        "tile": "80",
        "overlap": "40",
    }
    assert text.keys() == KNOBS.keys()
    assert run("sky.png", "--output=out.png", *(f"--{name}={value}" for name, value in text.items())) == 0
    assert kerasdream.record_of("out.png")["settings"] == {
        "model": "mobilenet_v2", "weights": "random", "layers": {"block_2_add": 0.5, "block_3_expand_relu": 1.0},
        "octave_scale": 1.2, "num_octave": 2, "iterations": 2, "step": 0.02, "max_loss": 7.0, "seed": 3,
        "device": "cpu", "max_pixels": 100000, "preset": "google2015", "octaves_above": 1, "detail": "none",
        "normalize": "std", "optimizer": "adam", "clip": False, "jitter": 3, "turns": True, "smooth_samples": 2,
        "smooth_noise": 0.1, "gradient_blur": [0.5, 1.5], "blur_growth": 0.5, "blur_kind": "cascade",
        "gradient_scales": 1, "mask": "sky.png", "strength": 0.9, "keep_color": True, "snapshots": 2,
        "precision": "bfloat16", "memory": "3GB", "tile": 80, "overlap": 40,
    }  # fmt: skip


def test_settings_come_from_a_picture_and_flags_change_them(here):
    assert run("sky.png", "--output=first.png", "--seed=4", *FAST) == 0
    assert run("--image=sky.png", "--from=first.png", "--output=second.png") == 0
    assert np.array_equal(pixels("first.png"), pixels("second.png"))
    assert run("--image=sky.png", "--from=first.png", "--step=0.05", "--output=third.jpg") == 0
    assert kerasdream.settings_of("third.jpg") == kerasdream.settings_of("first.png") | {"step": 0.05}
    assert run("--from=first.png") == 2


def test_a_picture_from_a_stranger_widens_no_limit_and_opens_no_file(here, capsys):
    limits = ("--max_pixels=2000000000", "--memory=900GB")
    guide = "--layers=guide(block_3_expand_relu, sky.png)"
    assert run("--image=sky.png", "--output=theirs.png", "--mask=sky.png", *limits, *FAST, guide) == 0
    with pytest.raises(InputImageError, match=r"'theirs.png' name files: sky.png, sky.png. With files=True"):
        kerasdream.settings_of("theirs.png")
    settings = kerasdream.settings_of("theirs.png", files=True)
    assert settings["mask"] == "sky.png"
    assert not {"max_pixels", "memory"} & settings.keys()
    capsys.readouterr()
    assert run("--image=sky.png", "--from=theirs.png", "--output=mine.png") == 1
    assert "name files: sky.png, sky.png. --from_files opens them" in capsys.readouterr().err
    assert run("--image=sky.png", "--from=theirs.png", "--from_files", "--output=mine.png") == 0
    assert (
        run("--image=sky.png", "--from=theirs.png", "--mask=sky.png", "--layers=block_2_add", "--output=other.png") == 0
    )
    assert kerasdream.record_of("other.png")["settings"]["max_pixels"] == DEFAULTS["max_pixels"]


def test_films_snapshots_noise_and_presets(here, capsys):
    assert run("--image=noise:80x60", "--animate=growth.gif", *FAST) == 0
    with Image.open("noise-80x60-dream.png") as image, Image.open("growth.gif") as film:
        assert image.size == film.size == (80, 60)
        assert film.n_frames > 2
    assert run("sky.png", "--snapshots=1", "--output=out.png", *FAST) == 0
    kept = [name for name in os.listdir() if name.startswith("out.")]
    assert {"out.png", "out.0001.png"} <= set(kept)
    assert run("sky.png", "--animate=growth.gif", *FAST) == 1  # it exists, and nothing is dreamt
    assert run("sky.png", "sky.png", "--animate=new.gif", *FAST) == 2
    assert run("--list_presets") == 0
    shown = capsys.readouterr().out
    assert all(f"\n{name} " in f"\n{shown}" for name in presets.PRESETS)


def test_flags_come_from_a_file(here):
    (here / "settings.flags").write_text("\n".join([*FAST, "# a comment", "--step=0.03"]))
    assert run("--flagfile=settings.flags", "sky.png", "--nometadata") == 0
    with Image.open("sky-dream.png") as image:
        assert "kerasdream" not in image.info


def test_several_pictures_and_folders(here, photo):
    os.mkdir("more")
    Image.fromarray(photo[::-1]).save("more/sky.png")
    Image.fromarray(photo[:, ::-1]).save("more/b.JPG")
    (here / "more" / "notes.txt").write_text("no picture")
    assert run("sky.png", "more", "--output=dreams", *FAST) == 0
    assert sorted(os.listdir("dreams")) == ["b-dream.png", "sky-dream-2.png", "sky-dream.png"]
    alone = kerasdream.dream(
        "more/sky.png", "block_3_expand_relu", model="mobilenet_v2", weights="random", iterations=1, max_loss=None
    )
    assert np.array_equal(pixels("dreams/sky-dream-2.png"), alone)


def test_a_failed_picture_is_told_at_the_end_and_the_others_are_dreamt(here, capsys):
    (here / "broken.png").write_bytes(b"broken")
    assert run("broken.png", "sky.png", "missing.png", "--output=out", *FAST) == 1
    assert os.listdir("out") == ["sky-dream.png"]
    told = capsys.readouterr().err
    assert "2 of 3 pictures failed" in told
    assert "broken.png" in told
    assert "missing.png" in told


def test_an_output_that_exists_is_told_before_anything_is_dreamt(here, capsys):
    (here / "out.png").write_bytes(b"precious")
    assert run("sky.png", "--output=out.png") == 1  # no weights are looked for
    assert "exists and is not written over" in capsys.readouterr().err
    assert (here / "out.png").read_bytes() == b"precious"
    assert run("sky.png", "--output=sky.png", "--overwrite") == 1
    assert "is the picture that is dreamt" in capsys.readouterr().err
    assert run("sky.png", "--output=out.png", "--overwrite", *FAST) == 0
    assert run("sky.png", "--output=new/folder/out.png", *FAST) == 0
    assert run("sky.png", "--output=out.png/x/", *FAST) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--octave_scal=2"], "Did you mean: octave_scale"),
        (["--step=-1"], "step=-1.0 is out of range; a number above 0"),
        (["--iterations=many"], "iterations='many' was given; a whole number"),
        (["--num_octave=2.5"], "num_octave='2.5'"),
        (["--layers=mixed4=x"], "a layer name"),
        (["--model=inception"], "Did you mean 'inception_v3'"),
        (["--weights=random", "--layers=mixd4"], "Did you mean 'mixed4'"),
        (["--flagfile=nowhere"], "nowhere"),
        (["empty/"], "holds no picture"),
    ],
)
def test_usage_errors_name_the_nearest_and_exit_2(here, capsys, arguments, words):
    os.mkdir("empty")
    assert run(*arguments) == 2
    assert words in capsys.readouterr().err
    assert sorted(os.listdir()) == ["empty", "sky.png"]


def test_layers_are_listed(capsys):
    assert run("--list_layers", "--model=vgg16") == 0
    out = capsys.readouterr().out
    assert "block5_conv3" in out
    assert "512     16  parts, heads" in out


def test_version(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out == f"kerasdream {kerasdream.__version__}\n"


TELLING = """
import signal, sys
from kerasdream import cli
from kerasdream.ascent import stepper

signal.signal(signal.SIGINT, signal.default_int_handler)  # the shell of a job in the background has it ignored
take_step = stepper.Stepper.step
stepper.Stepper.step = lambda *arguments: (print("step", flush=True), take_step(*arguments))[1]
sys.argv[0] = "kerasdream"
cli.run()
"""


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_with_their_status(here, sent, status):
    slow = ["--model=mobilenet_v2", "--weights=random", "--iterations=100000", "--max_loss=none"]
    process = subprocess.Popen(
        [sys.executable, "-c", TELLING, "sky.png", *slow],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    for _ in range(3):
        assert process.stdout.readline() == "step\n"
    process.send_signal(sent)
    began = time.monotonic()
    _, told = process.communicate(timeout=60)
    assert process.returncode == status, told
    assert time.monotonic() - began < 10
    assert sorted(os.listdir()) == (["sky-dream.partial.png", "sky.png"] if sent == signal.SIGINT else ["sky.png"])


def test_a_preset_that_is_asked_for_goes_before_settings_of_then(here):
    few = ["--model=mini", "--iterations=1", "--num_octave=1"]
    assert run("sky.png", "--output=first.png", *few) == 0
    assert run("--image=sky.png", "--from=first.png", "--preset=fur", "--output=second.png", *few[1:]) == 0
    settings = kerasdream.settings_of("second.png")
    assert (settings["preset"], settings["gradient_scales"], settings["jitter"]) == ("fur", 4, 48)
    assert settings["layers"] == {"mixed4": 1.0}
    assert run("--image=sky.png", "--from=first.png", "--layers=mean(mixed4:3)", "--output=third.png") == 0
    assert kerasdream.settings_of("third.png")["max_loss"] is None


def test_a_film_or_snapshot_that_fails_loses_no_dream(here):
    assert run("sky.png", "--output=first.png", *FAST) == 0
    assert run("--image=sky.png", "--from=first.png", "--animate=g.gif", "--output=second.png") == 0
    assert os.path.exists("g.gif")
    (here / "third.0001.png").write_text("mine")
    assert run("sky.png", "--snapshots=1", "--output=third.png", *FAST) == 1
    assert os.path.exists("third.png")
    assert (here / "third.0001.png").read_text() == "mine"


def test_a_reader_that_has_had_enough_is_no_error():
    command = f"{sys.executable} -m kerasdream.cli --help | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stdout.splitlines()[0] == "Dream pictures with a neural network."
    assert done.stderr == ""
