"""A film shared among machines: parts begin at cuts, and the whole is that of one machine."""

import numpy as np
import pytest

pytest.importorskip("cv2")

from drawn import QUICK, digests, three_scenes, written

import kerasdream
from kerasdream.cli import film as program
from kerasdream.errors import ConfigError
from kerasdream.films.shards import divide


@pytest.mark.parametrize("settings", [{}, {"cadence": 3}, {"passes": 2}])
def test_shards_make_the_frames_of_one_machine(tmp_path, settings):
    source, settings = written(three_scenes(), tmp_path / "in"), QUICK | settings
    kerasdream.film(source, tmp_path / "whole", **settings)
    seen = []
    for shard in ("3/3", "1/3"):
        folder = kerasdream.film(
            source, tmp_path / "out", shard=shard, callback=lambda moment: seen.append(moment.frame), **settings
        )
    assert folder == tmp_path / "out.frames"
    assert sorted(set(seen)) == [1, 2, 3, 4, 9, 10, 11, 12]
    assert not (tmp_path / "out").exists()
    kerasdream.film(
        source, tmp_path / "out", shard="2/3", callback=lambda moment: seen.append(moment.frame), **settings
    )
    assert len(seen) == 12 * settings.get("passes", 1)
    joined = []
    kerasdream.film(source, tmp_path / "out", callback=joined.append, **settings)
    assert joined == []
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out", "whole"]


def test_without_a_shard_what_is_missing_is_dreamt(tmp_path):
    source = written(three_scenes(), tmp_path / "in")
    kerasdream.film(source, tmp_path / "whole", **QUICK)
    kerasdream.film(source, tmp_path / "out", shard="2/3", **QUICK)
    seen = []
    kerasdream.film(source, tmp_path / "out", callback=lambda moment: seen.append(moment.frame), **QUICK)
    assert seen == [1, 2, 3, 4, 9, 10, 11, 12]
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")


def test_parts_are_as_equal_as_the_cuts_allow():
    assert divide([5, 9], 12, 2) in ([1, 5], [1, 9])
    assert divide([2, 3, 4, 50], 100, 3) == [1, 4, 50]
    assert divide([98, 99], 100, 3) == [1, 98, 99]
    with pytest.raises(ConfigError, match="4 shards were asked for, and the film has 3 scenes.*3 at most"):
        divide([5, 9], 12, 4)


def test_what_is_no_shard_is_told(tmp_path, capsys):
    source = written(three_scenes()[:2], tmp_path / "in")
    for shard in ("3/2", "0/2", "half", 2):
        with pytest.raises(ConfigError, match=r"such as '2/3'"):
            kerasdream.film(source, tmp_path / "out", shard=shard, **QUICK)
    flags = [str(source), f"--output={tmp_path / 'out'}", "--model=mini", "--layers=mixed1"]
    assert program.main(["film", *flags, "--shard=1/2"]) == 2
    assert "the film has 1 scene." in capsys.readouterr().err
    frames = [np.array(one) for one in three_scenes()]
    with pytest.raises(ConfigError, match="iterator"):
        kerasdream.frames(frames, passes=2, **QUICK)
