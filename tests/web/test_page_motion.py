"""The studio's page: films and journeys."""

import io
import subprocess

import pytest
from browsing import accessible, downloaded, drawer, given, handed, quick

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


def video(frames=6):
    """The bytes of an MP4 that pans over the sample, as cameras write them."""
    ffmpeg = pytest.importorskip("imageio_ffmpeg").get_ffmpeg_exe()
    sample = kerasdream.sample().resize((192, 112))
    pixels = b"".join(sample.crop((4 * i, 0, 4 * i + 160, 112)).tobytes() for i in range(frames))
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "160x112", "-r", "10", "-i", "-"]
    target = ["-pix_fmt", "yuv420p", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "-"]
    command = [ffmpeg, "-v", "error", *source, *target]
    return subprocess.run(command, input=pixels, capture_output=True, check=True).stdout


def test_a_video_is_chosen_dreamt_watched_and_saved(visit, live):
    page = visit(live)
    page.set_input_files("#file", {"name": "pan.mp4", "mimeType": "video/mp4", "buffer": video()})
    page.wait_for_selector("#toast:has-text('A film of 6 frames')")
    quick(page, 20)
    drawer(page, "motion")
    page.click("#dream-film")
    page.wait_for_selector("#status:has-text('of 6')")
    page.wait_for_selector("#after[src*=preview]")
    page.wait_for_selector("#before", state="hidden")  # what is dreamt is seen, not what it was
    accessible(page, "a film that is under way")
    page.wait_for_selector("#film-mp4")
    page.wait_for_selector("#before", state="hidden")
    page.wait_for_selector("video#after, img#after[src$='film.webp']")
    accessible(page, "a finished film")
    with page.expect_download() as download:
        page.click("#film-mp4")
    saved = download.value.path().read_bytes()
    assert saved[4:8] == b"ftyp"
    film = downloaded(page, "#film-webp")
    assert (film.size, film.n_frames) == ((160, 112), 6)


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
