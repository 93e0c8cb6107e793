"""The studio's page: films and journeys."""

import io

import pytest
from browsing import downloaded, drawer, given, handed, quick

import kerasdream


def animated(frames=4):
    """The bytes of an animated GIF that pans over the sample."""
    sample, file = kerasdream.sample().resize((160, 96)), io.BytesIO()
    pictures = [sample.crop((4 * i, 0, 4 * i + 128, 96)) for i in range(frames)]
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=100, loop=0)
    return file.getvalue()


def test_an_animated_picture_is_told_and_dreamt_as_a_film(visit, live):
    page = visit(live)
    handed(page, "#stage", ("pan.gif", animated(8)))
    page.wait_for_selector("#toast:has-text('A film of 8 frames')")
    quick(page, 20)
    drawer(page, "motion")
    seen = []
    page.on("request", lambda ask: "/preview?" in ask.url and seen.append(ask.url))
    with page.expect_request("**/api/jobs") as asked:
        page.click("#dream-film")
    assert asked.value.post_data_json["kind"] == "film"
    page.wait_for_selector("#finished")
    assert len(set(seen)) >= 2  # live
    film = downloaded(page, "#film-webp")
    assert film.size == (128, 96)
    assert film.n_frames == 8
    page.wait_for_selector("video#after, img#after[src$='film.webp']")


def test_a_journey_sets_out_from_a_dream(visit, live, small):
    page = visit(live)
    given(page, small)
    quick(page)
    page.click("#dream")
    page.wait_for_selector("#finished")
    id = page.get_attribute("#after", "src").split("/")[3]
    drawer(page, "motion")
    assert "this dream" in page.inner_text("#motion")
    page.fill("#journey-frames", "8")
    page.fill("#journey-zoom", "1.1")
    with page.expect_request("**/api/jobs") as asked:
        page.click("#dream-journey")
    sent = asked.value.post_data_json
    assert (sent["kind"], sent["parent"]) == ("journey", id)
    assert sent["journey"] == {"zoom": pytest.approx(1.1), "recipe": "zoom", "frames": 8, "fps": 15}
    page.wait_for_selector("#status:has-text('of 8')")
    page.wait_for_selector("video#after, img#after[src$='film.webp']")
    with page.expect_download() as download:
        page.click("#film-mp4")
    assert download.value.path().stat().st_size > 1000
