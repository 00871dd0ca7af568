"""The chain on a machine that has no network interface at all."""

import shutil
import socket
import subprocess
import sys

import pytest

TABLE = "results/smoke/tables/letters_maml/accuracy.csv"
ISOLATED = ["unshare", "--map-root-user", "--net"]


def isolates():
    return (
        shutil.which("unshare") is not None
        and subprocess.run([*ISOLATED, "true"], capture_output=True).returncode == 0
    )


pytestmark = pytest.mark.skipif(not isolates(), reason="no network namespaces here")


def omniglot(config):
    config["datasets"]["letters"] = {"kind": "omniglot", "image_size": 14}


def test_there_is_no_network_there():
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect = f"import socket; socket.create_connection({server.getsockname()!r})"
        command = [sys.executable, "-c", connect]
        assert subprocess.run(command).returncode == 0
        failed = subprocess.run([*ISOLATED, *command], capture_output=True, text=True)
    assert "Network is unreachable" in failed.stderr


def test_generated_data_need_no_network(fresh, finished):
    project = fresh()
    project.run(TABLE, inside=ISOLATED)
    assert (project.folder / TABLE).read_bytes() == (finished.folder / TABLE).read_bytes()


def test_real_data_that_were_staged_need_no_network(fresh, archives):
    project = fresh()
    project.configure(omniglot)
    staged = {"METALANDSCAPE_ARCHIVES": str(archives)}
    figure = "figures/smoke/fig3.pdf"
    project.run(figure, "--until", "download_archives", "build_kernel", **staged)
    assert not list(project.folder.glob("results/smoke/data/*"))
    project.run(figure, inside=ISOLATED, **staged)
    assert (project.folder / figure).read_bytes().startswith(b"%PDF")


def test_without_archives_it_stops_at_once_and_says_what_to_do(fresh, tmp_path):
    project = fresh()
    project.configure(omniglot)
    text = project.run(
        "figures/smoke/fig3.pdf", inside=ISOLATED, ok=False, METALANDSCAPE_ARCHIVES=str(tmp_path)
    )
    assert "images_background.zip" in text and "Traceback" not in text
