"""What a study finds: a planted bias, and nothing where there is none; every figure recomputed from the database."""

import numpy as np
import pytest

from kerasdream.model.classes import EYED, categories, category_of
from kerasdream.studies import report
from kerasdream.studies.records import AFTER, BEFORE, CONTROL, Records, Verdict
from kerasdream.studies.summary import summarize
from kerasdream.studies.training_shares import training_shares

CONDITIONS = [BEFORE, AFTER, CONTROL]
CLASSES = {category: [n for n in range(1000) if category_of(n) == category] for category in categories()}


def planted(path, after, control=None, count=120, seed=0):
    """Records of pictures of all classes; `after` and `control` make the new class of a picture, layer by layer."""
    rng = np.random.default_rng(seed)
    records = Records(
        path, {"dream": {"model": "tiny", "iterations": 1, "step": 1, "num_octave": 1}, "judge": "j", "size": 8}
    )
    records.add_pictures("photo", (f"{number}.jpg" for number in range(count)))
    before = rng.integers(0, 1000, count)

    def verdicts(classes, change):
        sure = rng.uniform(0.2, 0.9, count)
        return [
            Verdict(i + 1, [int(c)], [float(p)], float(2 - p), change)
            for i, (c, p) in enumerate(zip(classes, sure, strict=True))
        ]

    records.add_verdicts("", BEFORE, verdicts(before, 0.0))
    for layer, change in after.items():
        records.add_verdicts(layer, AFTER, verdicts([change(i, c, rng) for i, c in enumerate(before)], 10.0))
        other = control or (lambda i, c, rng: c)
        records.add_verdicts(layer, CONTROL, verdicts([other(i, c, rng) for i, c in enumerate(before)], 10.0))
    return records


def to_dogs(i, number, rng):
    return rng.choice(CLASSES["dogs"]) if i % 2 else number


def by_chance(i, number, rng):
    return rng.integers(0, 1000) if i % 2 else number


def found_in(records, layers):
    return summarize(records, layers, CONDITIONS, training_shares())["sources"]["photo"]


def test_a_planted_bias_is_found_and_only_that_rises(tmp_path):
    records = planted(tmp_path / "a.db", {"low": by_chance, "high": to_dogs})
    low, high = found_in(records, ["low", "high"])["layers"]
    assert low["found"] == []
    assert "dogs" in high["found"]
    rows = {row["category"]: row for row in high["categories"]}
    assert all(rows[name]["change"]["value"] < 0 for name in high["found"] if name != "dogs")
    assert rows["dogs"]["change"]["low"] > 0.2
    assert rows["dogs"]["against_training"] == "more"
    assert [row["category"] for row in low["categories"] if row["against_training"]] == []
    assert high["g_all"]["p"] < 0.001 < 0.01 < low["g_all"]["p"]
    assert high["eyed_change"]["low"] > 0 > low["eyed_change"]["low"]


def test_where_there_is_no_bias_none_is_found(tmp_path):
    wrong = 0
    for seed in range(40):
        records = planted(tmp_path / f"{seed}.db", {"a": by_chance, "b": by_chance}, seed=seed)
        wrong += any(layer["found"] for layer in found_in(records, ["a", "b"])["layers"])
        records.close()
    assert wrong <= 2  # 5 % of 40


def test_what_the_control_shows_too_is_not_found(tmp_path):
    records = planted(tmp_path / "a.db", {"high": to_dogs}, control=to_dogs)
    layer = found_in(records, ["high"])["layers"][0]
    dogs = next(row for row in layer["categories"] if row["category"] == "dogs")
    assert dogs["change"]["low"] > 0.2
    assert not dogs["found"]


def test_new_guesses_that_follow_the_training_shares_are_told_from_those_that_do_not(tmp_path):
    def evenly(i, number, rng):
        return rng.choice(CLASSES[categories()[rng.integers(len(categories()))]])

    records = planted(
        tmp_path / "a.db", {"follows": lambda i, c, rng: rng.integers(0, 1000), "even": evenly}, count=400
    )
    follows, even = found_in(records, ["follows", "even"])["layers"]
    assert follows["spearman_new"]["low"] > 0.5
    assert even["spearman_new"]["low"] < 0.2
    assert even["g_new"]["p"] < 0.001 < 0.01 < follows["g_new"]["p"]
    told = report.training_answer([follows, even])
    assert "follows: yes" in told
    assert "even: yes" not in told


def test_every_figure_is_that_of_the_database(tmp_path):
    records = planted(tmp_path / "a.db", {"low": by_chance, "high": to_dogs})
    whole = found_in(records, ["low", "high"])

    def column(name, layer, condition):
        table = "guesses" if name in ("class", "probability") else "verdicts"
        query = f"SELECT {name} FROM {table} WHERE layer = ? AND condition = ? ORDER BY picture"
        return np.array([row[0] for row in records.base.execute(query, (layer, condition))])

    before = [category_of(n) for n in column("class", "", BEFORE)]
    for layer in whole["layers"]:
        after = [category_of(n) for n in column("class", layer["layer"], AFTER)]
        for row in layer["categories"]:
            name = row["category"]
            gained = sum(b != name == a for a, b in zip(after, before, strict=True))
            lost = sum(b == name != a for a, b in zip(after, before, strict=True))
            assert (row["before"], row["after"]) == (before.count(name), after.count(name))
            assert row["change"]["value"] == pytest.approx((gained - lost) / 120)
            assert row["training"] == len(CLASSES[name]) / 1000
        assert layer["eyed"][AFTER]["value"] == pytest.approx(sum(a in EYED for a in after) / 120)
        assert layer["confidence"][AFTER]["value"] == pytest.approx(column("probability", layer["layer"], AFTER).mean())
        assert layer["entropy"][AFTER]["value"] == pytest.approx(column("entropy", layer["layer"], AFTER).mean())
        assert layer["new_guesses"] == sum(a != b for a, b in zip(after, before, strict=True))
    low, high = (column("probability", name, AFTER) for name in ("low", "high"))
    assert whole["trend"]["confidence"]["value"] == pytest.approx((high - low).mean())


def test_photographs_and_noise_are_apart_and_few_pictures_answer_nothing(tmp_path):
    records = planted(tmp_path / "a.db", {"high": to_dogs}, count=12)
    records.add_pictures("noise", ["noise 0", "noise 1"])
    for layer, condition in (("", BEFORE), ("high", AFTER), ("high", CONTROL)):
        records.add_verdicts(layer, condition, [Verdict(n, [200], [0.5], 1.0, 0.0) for n in (13, 14)])
    whole = summarize(records, ["high"], CONDITIONS, training_shares())
    assert [whole["sources"][name]["layers"][0]["pictures"] for name in ("photo", "noise")] == [12, 2]
    assert whole["sources"]["photo"]["layers"][0]["found"] == []
    assert "Too few pictures (12) to answer anything" in report.page(records, whole)
