"""The command line: flags from the config, files out, statuses that scripts can rely on."""

import io
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from PIL import Image

import kerasdream
from kerasdream import cli, presets
from kerasdream.batch_config import BATCH_KNOBS
from kerasdream.config import DEFAULTS, KEEPS_MORE, KNOBS
from kerasdream.errors import DreamWarning, InputImageError
from kerasdream.model.zoo import ZOO
from kerasdream.visual_config import VISUAL_KNOBS

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


class Twice(keras.layers.Layer):
    """A layer that a saved model names and Keras does not know."""

    def call(self, x):
        return 2 * x


def script(*arguments, program="dream", **options):
    path = os.path.join(os.path.dirname(__file__), "..", "scripts", f"run_{program}.py")
    return subprocess.run([sys.executable, path, *arguments], capture_output=True, text=True, **options)


def pipe(arguments, **options):
    """The program as a process of its own."""
    options = {"capture_output": True, "env": os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}} | options
    return subprocess.run([sys.executable, "-m", "kerasdream", *map(str, arguments)], **options)


PROGRAMS = {
    "dream": [*KNOBS, "image", "output", "from", "list_layers", "list_models", "flagfile"],
    "batch": [*KNOBS.keys() - KEEPS_MORE, *BATCH_KNOBS, "from", "ray"],
    "sweep": [*KNOBS, "vary", "recipe", "cell=512", "list_recipes"],
    "visualize": [*VISUAL_KNOBS, "model", "weights", "atlas", "channels", "map", "microscope", "images"],
    "study": ["step", "images", "layers", "judge=mobilenet_v2", "limit", "training_counts"],
    "studio": ["port", "data_dir"],
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_is_quick_and_takes_no_framework(program):
    best = 9.0
    for _ in range(3):
        began = time.monotonic()
        done = pipe([program, "--help"], text=True)
        best = min(best, time.monotonic() - began)
    assert done.returncode == 0
    for name in [*PROGRAMS[program], "backend", "help"]:
        assert f"--{name}" in done.stdout or f"--[no]{name}" in done.stdout, name
    assert best < 1.0
    code = f"import sys; from kerasdream import cli; cli.main(['', '{program}', '--help']); print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert not {"'keras'", "'tensorflow'", "'PIL'"} & set(loaded.replace("[", " ").replace(",", " ").split())


def test_the_scripts_and_the_bare_program_are_the_same_as_its_names():
    helps = {name: pipe([name, "--help"], text=True).stdout for name in PROGRAMS}
    assert len(set(helps.values())) == len(PROGRAMS)
    assert pipe(["--help"], text=True).stdout == helps["dream"]
    for name in ("dream", "sweep", "visualize", "study"):
        assert script("--help", program=name).stdout == helps[name]


def test_models_are_listed_with_their_layers(capsys):
    assert run("--list_models") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["mini", "mixed4,", "mixed5,", "mixed6,", "mixed7"]
    assert [line.split()[0] for line in lines] == list(ZOO)


def test_a_saved_model_of_ones_own_dreams(here, small_net, photo, capsys):
    small_net.save("my.keras")
    few = ["--model=my.keras", "--iterations=1", "--max_loss=none"]
    assert run("--list_layers", "--model=my.keras") == 0
    assert "relu1 " in capsys.readouterr().out
    assert run("sky.png", "--layers=relu1", *few) == 0
    alone = kerasdream.dream(photo, "relu1", model=small_net, iterations=1, max_loss=None)
    assert np.array_equal(pixels("sky-dream.png"), alone)
    assert run("sky.png", *few) == 2
    assert "--list_layers --model=my.keras lists them" in capsys.readouterr().err
    kerasdream.Dreamer("relu1", model=small_net, iterations=1, max_loss=None).run(photo).save("python.png")
    assert run("--image=sky.png", "--from=python.png", "--output=b.png") == 2
    assert "was dreamt by a model of somebody's own, 'small'. Name its file" in capsys.readouterr().err
    assert run("--image=sky.png", "--from=sky-dream.png", "--output=b.png") == 1
    assert "name files: my.keras. --from_files opens them" in capsys.readouterr().err
    assert run("--image=sky.png", "--from=sky-dream.png", "--model=my.keras", "--output=b.png") == 0
    assert run("--image=sky.png", "--from=sky-dream.png", "--from_files", "--output=c.png") == 0
    assert np.array_equal(pixels("b.png"), alone)
    assert np.array_equal(pixels("c.png"), alone)
    assert run("sweep", "sky.png", "--layers=relu1", *few, "--vary=step=0.01,0.02") == 0
    assert len(list((here / "sweep").glob("step*.png"))) == 2
    assert run("visualize", "relu1:3", "--model=my.keras", "--size=32", "--steps=1") == 0
    assert (here / "relu1-3.png").exists()


def test_a_map_of_ones_pictures(here, small_net, photo, capsys):
    small_net.save("my.keras")
    (here / "photos").mkdir()
    for number in range(8):
        Image.fromarray(np.roll(photo, 9 * number, axis=2 * (number % 2))).save(f"photos/{number}.png")
    few = ["--model=my.keras", "--size=32", "--steps=1"]
    assert run("visualize", "--map=photos/", "relu1", "--output=map/", *few) == 0
    assert capsys.readouterr().out == "map/atlas.html\n"
    cells = np.load("map/cells.npz")
    assert len(os.listdir("map/cells")) == len(cells["places"]) > 0
    for wrong in (["relu1"], ["--output=map/"], ["relu1", "relu0", "--output=map/"]):
        assert run("visualize", "--map=photos/", *wrong, *few) == 2
        assert "A map is of one layer, and goes into a folder" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:Nothing was drawn")  # in two steps
def test_a_microscope_of_ones_own_model(here, small_net, photo, capsys):
    small_net.save("my.keras")
    (here / "photos").mkdir()
    Image.fromarray(photo).save("photos/0.png")
    few = ["--model=my.keras", "--size=32", "--steps=2", "--channels=3,6", "--images=photos/"]
    assert run("visualize", "--microscope=site/", "relu0", *few) == 0
    assert capsys.readouterr().out == "site/index.html\n"
    assert sorted(path.name for path in (here / "site" / "relu0").glob("*.html")) == [
        "0003.html",
        "0006.html",
        "index.html",
    ]
    assert "0.png" in (here / "site" / "relu0" / "0003.html").read_text()
    assert run("visualize", "--microscope=site/", "relu9", *few) == 2


def test_a_saved_model_that_cannot_be_loaded_says_why(here, capsys):
    (here / "damaged.keras").write_bytes(b"no model")
    image = keras.Input((None, None, 3))
    # The code of a Lambda layer would run on whoever loads it.
    keras.Model(image, keras.layers.Lambda(lambda x: 2 * x, name="twice")(image)).save("code.keras")
    keras.Model(image, Twice(name="own")(image)).save("own.keras")
    keras.saving.get_custom_objects().clear()
    for name, words in (
        ("missing", "There is no file 'missing.keras'"),
        ("damaged", "'damaged.keras' cannot be loaded"),
        ("code", "'code.keras' cannot be loaded"),
        ("own", "'own.keras' cannot be loaded"),
    ):
        assert run("sky.png", f"--model={name}.keras", "--layers=twice") == 2
        assert words in (told := capsys.readouterr().err)
        assert "Traceback" not in told
        assert len(told.splitlines()) == 1
    assert sorted(os.listdir()) == ["code.keras", "damaged.keras", "own.keras", "sky.png"]


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
        "crops": "0",
        "gradient_blur": "0.5,1.5",
        "blur_growth": "0.5",
        "blur_kind": "cascade",
        "gradient_scales": "1",
        "mask": "sky.png",
        "strength": "0.9",
        "keep_color": "true",
        "opacity": "true",
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
        "smooth_noise": 0.1, "crops": 0, "gradient_blur": [0.5, 1.5], "blur_growth": 0.5, "blur_kind": "cascade",
        "gradient_scales": 1, "mask": "sky.png", "strength": 0.9, "keep_color": True, "opacity": True, "snapshots": 2,
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


def test_the_opacity_map_and_what_it_shows_stand_beside_the_dream(here):
    assert run("sky.png", "--opacity", "--output=out.png", *FAST) == 0
    with Image.open("out.opacity.png") as image:
        assert image.mode == "L"
    before, dreamt, shown, opacity = (
        pixels(name).astype(float) for name in ("sky.png", "out.png", "out.through.png", "out.opacity.png")
    )
    assert (opacity.min(), opacity.max()) == (0, 255)
    wanted = before[..., :3] + opacity[..., None] / 255 * (dreamt - before)[..., :3]
    np.testing.assert_allclose(shown[..., :3], wanted, atol=2)


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


def test_a_folder_run_again_dreams_what_is_missing(here, photo, capsys):
    os.mkdir("more")
    Image.fromarray(photo[::-1]).save("more/a.png")
    assert run("more", "--output=dreams", *FAST) == 0
    Image.fromarray(photo[::-1]).save("more/b.png")
    first = os.stat("dreams/a-dream.png").st_mtime_ns
    capsys.readouterr()
    assert run("more", "--output=dreams", *FAST) == 0
    out, err = capsys.readouterr()
    assert out.startswith("dreams/b-dream.png  (loss ")
    assert err == "kerasdream: dreams/a-dream.png is there already; --overwrite dreams it anew.\n"
    assert sorted(os.listdir("dreams")) == ["a-dream.png", "b-dream.png"]
    assert os.stat("dreams/a-dream.png").st_mtime_ns == first
    assert run("more", "--output=dreams", "--overwrite", *FAST) == 0
    assert sorted(os.listdir("dreams")) == ["a-dream.png", "b-dream.png"]
    assert os.stat("dreams/a-dream.png").st_mtime_ns > first


def test_dreams_in_the_folder_of_their_pictures_are_not_dreamt_on(here, capsys):
    for _ in range(2):
        assert run(".", "--snapshots=1", "--num_octave=1", *FAST) == 0
        assert sorted(os.listdir()) == ["sky-dream.0001.png", "sky-dream.png", "sky.png"]
    assert "1 is there" not in capsys.readouterr().err
    assert run("sky-dream.png", *FAST) == 0  # named by itself
    assert (here / "sky-dream-dream.png").exists()


def test_hidden_files_and_folders_with_names_of_pictures_are_left_out(here, photo):
    (here / "more" / "dir.png").mkdir(parents=True)
    (here / "more" / "._sky.png").write_bytes(b"of another system")
    (here / "more" / "lost.png").symlink_to("nowhere.png")
    Image.fromarray(photo).save("more/sky.png")
    assert run("more", "--output=dreams", *FAST) == 0
    assert os.listdir("dreams") == ["sky-dream.png"]


def test_standard_input_and_output(here, photo, tmp_path):
    alone = kerasdream.dream(
        photo, "block_3_expand_relu", model="mobilenet_v2", weights="random", iterations=1, max_loss=None
    )
    done = pipe(["-", "--output=-", *FAST], input=(here / "sky.png").read_bytes(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert np.array_equal(Image.open(io.BytesIO(done.stdout)), alone)
    assert b"(loss " in done.stderr
    assert os.listdir() == ["sky.png"]
    done = pipe(["-", *FAST], input=(here / "sky.png").read_bytes(), cwd=tmp_path)
    assert done.stdout.startswith(b"stdin-dream.png  (loss ")
    assert np.array_equal(pixels("stdin-dream.png"), alone)
    done = pipe(["-", "--output=-", *FAST], input=b"no picture", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"cannot be read as a picture" in done.stderr
    assert pipe(["sky.png", "sky.png", "--output=-"], cwd=tmp_path).returncode == 2
    assert pipe(["-", "-"], input=b"", cwd=tmp_path).returncode == 2


def test_nothing_but_results_comes_on_standard_output(here, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert run("sky.png", "--iterations=2", *FAST[:3], "--max_loss=none") == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert out.startswith("sky-dream.png  (loss ")
    assert "loss " in err  # the bar


def test_a_place_that_cannot_be_written_is_told_before_anything_is_dreamt(here, capsys):
    (here / "file").touch()
    (here / "film.gif").touch()
    (here / "sky-dream.png").mkdir()
    for arguments, words in (
        (["--output=file/a.png"], "The folder 'file' cannot be made or written into: there is a file of that name"),
        (["--output=file/"], "The folder 'file' cannot be made or written into: there is a file of that name"),
        (["--animate=film.gif"], "'film.gif' exists and is not written over"),
        (["--animate=file/a.gif"], "The folder 'file' cannot be made or written into"),
        (["--output=/proc/a.png"], "The folder '/proc' cannot be made or written into"),
        (["--output=sky.png", "--overwrite"], "is the picture that is dreamt"),
        (["--overwrite"], "'sky-dream.png' is a folder"),
    ):
        assert run("sky.png", "--model=nothing", *arguments) == 1  # the model is not looked for
        assert words in capsys.readouterr().err
    assert run("sky.png", "--output=a.webp", "--animate=a.webp") == 2
    assert "both name 'a.webp'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("picture", "words"),
    [("noise:0x0", "noise:WIDTHxHEIGHT"), ("https://example.com/sky.jpg", "download the picture, and give its path")],
)
def test_what_looks_like_a_picture_and_is_none_says_what_to_give(here, capsys, picture, words):
    assert run(picture) == 1
    assert words in capsys.readouterr().err


def test_a_framework_that_there_is_not_is_told(here):
    done = pipe(["sky.png"], env=os.environ | {"KERAS_BACKEND": "foo"}, text=True)
    assert done.returncode == 2
    words = "KERAS_BACKEND is 'foo'; tensorflow, jax, torch or nothing at all was expected.\n"
    assert done.stderr == f"kerasdream: {words}"
    code = "import kerasdream; kerasdream.dream"
    line, environment = [sys.executable, "-c", code], os.environ | {"KERAS_BACKEND": "foo"}
    done = subprocess.run(line, env=environment, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == f"kerasdream.errors.ModelError: {words.strip()}"


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
take_step, out = stepper.Stepper.step, sys.stdout
stepper.Stepper.step = lambda *arguments: (print("step", file=out, flush=True), take_step(*arguments))[1]
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
    assert told.splitlines()[-1] == "kerasdream: interrupted; the picture so far is in sky-dream.partial.png"
    assert sorted(os.listdir()) == ["sky-dream.partial.png", "sky.png"]
    assert pixels("sky-dream.partial.png").shape == (96, 128, 3)


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
    with pytest.warns(DreamWarning, match="'third.0001.png' exists; 'third.0001-2.png' was written"):
        assert run("sky.png", "--snapshots=1", "--output=third.png", *FAST) == 0
    assert os.path.exists("third.png")
    assert (here / "third.0001.png").read_text() == "mine"
    assert pixels("third.0001-2.png").shape == (96, 128, 3)


def test_a_reader_that_has_had_enough_is_no_error():
    command = f"{sys.executable} -m kerasdream.cli --help | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stdout.splitlines()[0] == "Dream pictures with a neural network."
    assert done.stderr == ""


def test_visualisations_that_are_interrupted_are_kept_so_far(here, monkeypatch, capsys):
    from kerasdream.visualization import Visualizer

    def run_out(self, verbose="auto"):
        interrupt = kerasdream.DreamInterrupted()
        interrupt.result = [Image.new("RGB", (32, 32), (9, 99, 199))]
        raise interrupt

    monkeypatch.setattr(Visualizer, "run", run_out)
    assert run("visualize", "mixed0:1", "mixed0:2", "--model=mini", "--size=32", "--output=looks/") == 130
    assert os.listdir("looks") == ["mixed0-1.partial.png"]
    assert pixels("looks/mixed0-1.partial.png")[5, 5].tolist() == [9, 99, 199]
    assert kerasdream.record_of("looks/mixed0-1.partial.png")["settings"]["objective"] == "mixed0:1"
    out, err = capsys.readouterr()
    assert out == ""
    assert "the picture so far is in looks/mixed0-1.partial.png" in err
