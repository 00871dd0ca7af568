"""The Makefile's set-up, on an index of tiny packages: what it installs, and from where."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "requirements" / "uv_like_pip.py"
UV = Path(sys.executable).with_name("uv")


def script():
    spec = importlib.util.spec_from_file_location("uv_like_pip", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def publish(index, name, version="1.0"):
    """Put a package of an empty module into a folder laid out as an index; return its SHA-256."""
    folder = index / name
    folder.mkdir(parents=True)
    wheel = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    facts = wheel.name.rsplit("-", 3)[0] + ".dist-info"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr(f"{name.replace('-', '_')}.py", "")
        file.writestr(
            f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        file.writestr(
            f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{facts}/RECORD", "")
    (folder / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A new environment with nothing but pip."""
    folder = tmp_path_factory.mktemp("fresh") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    (folder / ".uv").touch()
    return folder


@pytest.fixture
def project(tmp_path, environment):
    """The Makefile with an environment, an index, and a lock of torch, CUDA and one more."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    shutil.copy(SCRIPT, tmp_path / "requirements")
    shutil.copytree(environment, tmp_path / ".venv", symlinks=True)
    names = ("numpy", "nvidia-cublas", "torch", "torchvision")
    hashes = {name: publish(tmp_path / "index", name) for name in names}
    lock = [f"{name}==1.0 \\\n    --hash=sha256:{digest}\n" for name, digest in hashes.items()]
    (tmp_path / "requirements" / "run.txt").write_text("# made by a test\n" + "".join(lock))
    (tmp_path / "requirements" / "uv.txt").touch()
    os.utime(tmp_path / ".venv" / ".uv")
    return tmp_path


@pytest.fixture
def with_uv(project):
    if not UV.exists():
        pytest.skip("uv is not installed")
    (project / ".venv" / "bin" / "uv").symlink_to(UV)
    return project


def make(project, *words):
    """Run make where pip's configuration is the project's index and nothing else."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_", "MAKE"))}
    environment |= {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": (project / "index").as_uri(),
        "PIP_NO_CACHE_DIR": "1",
        "UV_NO_CACHE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    environment.pop("TORCH", None)
    words = ["make", f"PYTHON={sys.executable}", *words]
    return subprocess.run(words, cwd=project, env=environment, capture_output=True, text=True)


def installed(project):
    (packages,) = (project / ".venv" / "lib").glob("python*/site-packages")
    compiled = {file.name.split(".")[0] for file in (packages / "__pycache__").glob("*.pyc")}
    assert compiled >= {file.stem for file in packages.glob("*.py")}, "compiled at once"
    facts = packages.glob("*.dist-info")
    found = dict(path.stem.split("-", 1) for path in facts)
    return {name: v for name, v in found.items() if name not in ("pip", "setuptools")}


ALL = {"numpy": "1.0", "nvidia_cublas": "1.0", "torch": "1.0", "torchvision": "1.0"}


def test_uv_installs_from_the_index_of_pip(with_uv):
    done = make(with_uv, "env")
    assert (done.returncode, done.stderr) == (0, "")
    assert installed(with_uv) == ALL
    assert "up to date" in make(with_uv, ".venv/.run").stdout


def test_pip_installs_where_uv_is_not(project):
    done = make(project, "env")
    assert done.returncode == 0
    assert "uv did not install this, so pip does" in done.stderr
    assert installed(project) == ALL


def test_a_file_with_another_hash_is_refused(with_uv):
    lock = with_uv / "requirements" / "run.txt"
    lock.write_text("numpy==1.0 --hash=sha256:" + "0" * 64 + "\n")
    done = make(with_uv, "env")
    assert done.returncode != 0
    assert "Hash mismatch" in done.stderr
    assert installed(with_uv) == {}
    assert not (with_uv / ".venv" / ".run").exists()


def test_torch_for_cpus_comes_from_its_own_index_and_stays(with_uv):
    for name in ("torch", "torchvision"):
        publish(with_uv / "pytorch", name, "1.0+cpu")
    wheels = f"CPU_WHEELS={(with_uv / 'pytorch').as_uri()}"
    assert make(with_uv, wheels, "TORCH=cpu", "env").returncode == 0
    assert installed(with_uv) == {"numpy": "1.0", "torch": "1.0+cpu", "torchvision": "1.0+cpu"}
    again = make(with_uv, wheels, "env")
    assert (again.returncode, again.stderr) == (0, "")
    assert not (with_uv / ".venv" / ".run").exists()


def test_an_index_that_lacks_torch_for_cpus_is_named(project):
    (project / "empty").mkdir()
    done = make(project, f"CPU_WHEELS={(project / 'empty').as_uri()}", "TORCH=cpu", "env")
    assert done.returncode != 0
    assert "gives no torch==1.0+cpu torchvision==1.0+cpu to this machine" in done.stderr
    assert installed(project) == {}


def test_another_torch_is_refused(project):
    done = make(project, "TORCH=gpu", "env")
    assert done.returncode != 0
    assert "TORCH=gpu is unknown" in done.stderr
    assert installed(project) == {}


def test_options_of_pip_are_read_with_the_environment_last():
    listing = """:env:.index-url='https://c.example/simple'
global.extra-index-url='file:///a file:///b'
global.index-url='https://a.example/simple'
install.index-url='https://b.example/simple'
download.find-links='/elsewhere'"""
    assert script().options(listing) == {
        "index-url": "https://c.example/simple",
        "extra-index-url": "file:///a file:///b",
    }


def test_options_of_pip_become_variables_of_uv():
    asked = {"extra-index-url": "file:///a\nfile:///b", "find-links": "/x /y", "quiet": "1"}
    assert script().variables(asked) == {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_INDEX": "file:///a file:///b",
        "UV_FIND_LINKS": "/x,/y",
    }


def test_what_the_user_tells_uv_is_stronger(monkeypatch):
    seen = []
    monkeypatch.setenv("PIP_INDEX_URL", "https://a.example/simple")
    monkeypatch.setenv("PIP_TIMEOUT", "60")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://b.example/simple")
    monkeypatch.setattr(os, "execve", lambda *call: seen.append(call))
    monkeypatch.setattr(sys, "argv", ["uv_like_pip.py", "pip", "list"])
    script().main()
    ((_, words, environment),) = seen
    assert words[1:] == ["pip", "list"]
    assert environment["UV_DEFAULT_INDEX"] == "https://b.example/simple"
    assert environment["UV_HTTP_TIMEOUT"] == "60"
