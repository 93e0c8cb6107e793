"""Ray: data sets in and out, and batches that a cluster dreams, which end as those of one machine do."""

import io
import json
import os
import pickle
import sys

import pytest
from conftest import only_tensorflow
from PIL import Image
from ray_runs import (
    ROOT,
    batch,
    dream_here,
    failed_keys,
    files_of,
    make_photos,
    needs_ray,
    picture,
    rows_of,
    start_batch,
    wait_for_dreams,
)

from kerasdream.batches.manifest import Manifest, Row
from kerasdream.batches.samples import Sample
from kerasdream.cli import main
from kerasdream.errors import BatchError, ConfigError

pytestmark = [only_tensorflow, pytest.mark.filterwarnings("default")]  # Ray warns of what it will change
FEW = {"layers": {"relu2": 1.0}, "iterations": 2, "num_octave": 2, "max_loss": None, "jitter": 2}


@pytest.fixture(scope="module")
def ray():
    """Ray on two cores of this machine, in this process."""
    import ray

    os.environ["PYTHONPATH"] = str(ROOT)
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=200_000_000)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield ray
    ray.shutdown()


@needs_ray
def test_a_data_set_is_dreamt_as_a_batch_and_keeps_its_columns(ray, small_net, tmp_path):
    from kerasdream.ray import dream

    rows = [{"key": str(n), "image": picture(n, 32, 32 + 4 * (n % 2)), "label": n} for n in range(5)]
    files = [{"key": row["key"], "image": encoded(row["image"]), "label": row["label"]} for row in rows]
    files.insert(2, {"key": "bad", "image": b"no picture", "label": 7})
    dreams = dream(ray.data.from_items(files), model=small_net, concurrency=1, **FEW).take_all()
    by_key = {row["key"]: row for row in dreams}
    assert by_key.keys() == {"0", "1", "2", "3", "4", "bad"}
    assert "it is of no known kind" in by_key["bad"]["error"]
    assert (by_key["bad"]["dream"], by_key["bad"]["label"]) == (b"", 7)
    dream_here(files, tmp_path, "here", small_net, **FEW)
    for row in rows:
        found = by_key[row["key"]]
        assert (found["error"], found["label"]) == ("", row["label"])
        assert found["dream"] == (tmp_path / "here" / f"{row['key']}.png").read_bytes()
        assert json.loads(found["record"])["settings"]["jitter"] == 2


def encoded(pixels):
    """The bytes of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@needs_ray
def test_a_batch_on_a_cluster_writes_tars_skips_and_tells_as_one_on_this_machine(ray, small_net, tmp_path):
    from kerasdream.ray import dream_many

    rows = [{"key": f"d/{n}", "image": picture(n), "label": n, "cls": b"%d" % n} for n in range(5)]
    rows += [{"key": "d/1", "image": picture(9)}, {"key": "bad", "image": b"no picture"}]
    settings = {"model": small_net, "format": "tar", "concurrency": 1, **FEW}
    summary = dream_many(rows, tmp_path / "out", **settings)
    assert (summary.dreamt, summary.skipped, summary.failed) == (5, 0, 2)
    assert failed_keys(tmp_path / "out") == ["bad", "d/1"]
    dream_here(rows, tmp_path, "here", small_net, format="tar", **FEW)
    assert files_of(tmp_path / "out") == files_of(tmp_path / "here")
    rows[0]["image"] = picture(20)
    with pytest.raises(BatchError, match="More than 2 pictures failed") as caught:  # also its tar has another dream
        dream_many(rows, tmp_path / "out", max_errors=2, **settings)
    assert (caught.value.summary.dreamt, caught.value.summary.skipped) == (0, 4)
    with pytest.raises(ConfigError, match="names no file"):  # as it was in the task that reads
        dream_many("nothing/*.png", tmp_path / "none", **settings)


@needs_ray
def test_a_batch_whose_driver_is_killed_goes_on_and_ends_as_one_of_this_machine(small_net, tmp_path):
    small_net.save(tmp_path / "small.keras")
    make_photos(tmp_path / "photos", 200, bad=[3])
    process = start_batch(tmp_path, "out", "--ray=local", "--concurrency=1")
    wait_for_dreams(process, tmp_path / "out", 5)
    process.kill()
    process.wait()
    before = len(list((tmp_path / "out").glob("*.png")))
    assert before < 199
    status, printed = batch(tmp_path, "out", "--ray=local", "--concurrency=1")
    assert status == 1
    assert "1 pictures failed; out/errors.jsonl says why" in printed
    assert int(printed.split(" pictures dreamt")[0].split()[-1]) <= 199 - before + 1  # its file was there, not its row
    assert rows_of(tmp_path / "out") == 199
    assert batch(tmp_path, "here")[0] == 1
    assert files_of(tmp_path / "out") == files_of(tmp_path / "here")


@needs_ray
def test_hashes_know_what_is_dreamt_and_nothing_else():
    from kerasdream.ray.known import KnownDreams

    manifest = Manifest("")
    manifest.add(Row(f"k{number}", f"{number:032x}", "00" * 8) for number in range(2500))
    known = pickle.loads(pickle.dumps(KnownDreams.of(manifest.rows())))
    manifest.close()
    assert len(known.hashes) == 2500
    for number in range(2500):
        assert known.holds(Sample(f"k{number}", ""), f"{number:032x}", "00" * 8)
        assert not known.holds(Sample(f"k{number}", ""), f"{number + 1:032x}", "00" * 8)
    assert not KnownDreams.of([]).holds(Sample("a", ""), "00", "00")


@needs_ray
def test_packs_grow_and_are_of_few_bytes():
    from kerasdream.ray.source import packed

    lengths = [len(pack) for pack in packed([Sample("a", "a.jpg")] * 50_000)]
    assert (lengths[0], lengths[-2], max(lengths), sum(lengths)) == (1, 32, 32, 50_000)
    samples = [Sample("a", "a.jpg")] * 40_000 + [Sample("b", b"x" * 3_000_000, files={"cls": b"x" * 2_000_000})] * 5
    assert [len(pack) for pack in packed(samples) if pack[0].key == "b"] == [2, 1]


@needs_ray
def test_what_no_pool_can_be_is_refused():
    from kerasdream.ray.pool import Pool

    for wrong in ({"concurrency": 0}, {"concurrency": (4, 2)}, {"num_gpus": -1}):
        with pytest.raises(ConfigError, match="was given"):
            Pool(**wrong)
    assert (Pool(3).bounds(), Pool().bounds(), Pool().device()) == ((3, 3), (1, None), {"num_cpus": 1})


def test_without_ray_the_program_says_what_to_install(monkeypatch, capsys, tmp_path):
    for name in [name for name in sys.modules if name.startswith("kerasdream.ray")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["kerasdream", "batch", str(tmp_path), str(tmp_path / "out"), "--ray", "--model=mini"]) == 2
    assert 'the extra "ray": pip install "kerasdream[ray]"' in capsys.readouterr().err
