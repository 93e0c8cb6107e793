"""A cluster of two nodes on this machine, and what is taken from it while it dreams."""

import os
import pathlib
import re
import signal

import pytest
from conftest import only_tensorflow
from ray_runs import (
    ROOT,
    batch,
    failed_keys,
    files_of,
    make_photos,
    needs_ray,
    rows_of,
    start_batch,
    wait_for_dreams,
)

BAD = range(50, 1000, 100)


def actors_of(node):
    """The processes of a node's actors."""
    raylet = node.all_processes["raylet"][0].process.pid
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            name, parent = (folder / "cmdline").read_bytes(), (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
        except OSError:  # it has ended meanwhile
            continue
        if b"MapWorker(MapBatches(SampleActor" in name and int(parent) == raylet:
            found.append(int(folder.name))
    return found


@pytest.mark.slow
@only_tensorflow
@needs_ray
@pytest.mark.filterwarnings("default")
def test_an_actor_a_node_and_the_driver_are_lost_and_every_picture_is_there_once(small_net, tmp_path, monkeypatch):
    from ray.cluster_utils import Cluster

    small_net.save(tmp_path / "small.keras")
    make_photos(tmp_path / "photos", 1000, BAD)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # of the nodes' workers
    memory = {"object_store_memory": 200_000_000}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False, **memory})
    second = cluster.add_node(num_cpus=1, **memory)
    output, flags = tmp_path / "out", (f"--ray={cluster.address}", "--concurrency=2")
    try:
        driver = start_batch(tmp_path, "out", *flags)
        wait_for_dreams(driver, output, 60)
        victims = actors_of(cluster.head_node) + actors_of(second)
        os.kill(victims[0], signal.SIGKILL)
        wait_for_dreams(driver, output, 300)
        assert actors_of(second)
        cluster.remove_node(second, allow_graceful=False)
        wait_for_dreams(driver, output, 600)
        driver.kill()
        driver.wait()
        before = len(files_of(output))
        assert 590 <= before < 990
        cluster.add_node(num_cpus=1, **memory)
        status, printed = batch(tmp_path, "out", *flags)
        print((tmp_path / "out.log").read_text(), printed)
    finally:
        cluster.shutdown()
    assert status == 1
    found = re.search(r"(\d+) pictures dreamt in .*; (\d+) were there already; 10 failed", printed)
    dreamt, skipped = int(found[1]), int(found[2])
    assert before - 2 <= skipped <= before  # of the last pack the files may be there, and not their rows
    assert dreamt + skipped == 990
    assert failed_keys(output) == [f"{number:04d}" for number in BAD]
    assert rows_of(output) == 990
    assert batch(tmp_path, "here")[0] == 1
    assert files_of(output) == files_of(tmp_path / "here")
