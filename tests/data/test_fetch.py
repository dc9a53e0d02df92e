"""Downloads from a server on this machine: resumed, cut off, altered, refused; and files that are here already."""

import hashlib
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from minirl.data import __main__ as program
from minirl.data import published
from minirl.data.fetch import FetchError, fetch
from minirl.data.published import DATASETS, Dataset, File
from minirl.data.texts import TEXTS, Text, fetch_text

CONTENT = bytes(range(256)) * 1024  # 256 KiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HALF = len(CONTENT) // 2


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT: /whole as it should be, the other paths with a fault each. `asked` are the ranges asked for."""

    asked: list[str | None]

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.asked.append(wanted)
        if self.path == "/missing":
            self.send_error(404)
            return
        body = CONTENT[::-1] if self.path == "/altered" else CONTENT
        start = 0
        if wanted is not None and self.path != "/no-range":
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])  # type: ignore[index]
            if self.path == "/torn":
                start += 1
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        part = body[start:]
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part[:HALF] if self.path == "/cut" and start == 0 else part)

    def do_HEAD(self) -> None:
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Handler.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=[0.01])  # looks for shutdown so often
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "new" / "file.json"


def part_of(target: Path) -> Path:
    return target.with_name("file.json.part")


def left_by_an_earlier_attempt(target: Path, content: bytes) -> None:
    target.parent.mkdir(exist_ok=True)
    part_of(target).write_bytes(content)


class TestDownload:
    def test_whole(self, server: str, target: Path) -> None:
        seen: list[int] = []
        assert fetch(File(f"{server}/whole", len(CONTENT), SHA256), target, progress=seen.append)
        assert target.read_bytes() == CONTENT
        assert seen == sorted(seen) and seen[-1] == len(CONTENT) and len(seen) > 3
        assert [path.name for path in target.parent.iterdir()] == ["file.json"]

    def test_what_is_there_is_not_asked_for(self, server: str, target: Path) -> None:
        file = File(f"{server}/whole", len(CONTENT), SHA256)
        assert fetch(file, target)
        assert not fetch(file, target)
        assert Handler.asked == [None]

    def test_goes_on_where_it_stopped(self, server: str, target: Path) -> None:
        file = File(f"{server}/cut", len(CONTENT), SHA256)
        with pytest.raises(FetchError, match=rf"{HALF:,} of {len(CONTENT):,} bytes are here.*the same command resumes"):
            fetch(file, target)
        assert not target.exists() and part_of(target).read_bytes() == CONTENT[:HALF]
        assert fetch(file, target)
        assert target.read_bytes() == CONTENT
        assert Handler.asked == [None, f"bytes={HALF}-"]

    @pytest.mark.parametrize("have", [1, 1000, len(CONTENT) - 1])
    def test_asks_only_for_what_is_missing(self, server: str, target: Path, have: int) -> None:
        left_by_an_earlier_attempt(target, CONTENT[:have])
        assert fetch(File(f"{server}/whole", len(CONTENT), SHA256), target)
        assert target.read_bytes() == CONTENT and Handler.asked == [f"bytes={have}-"]

    def test_a_complete_part_needs_no_server(self, target: Path) -> None:
        left_by_an_earlier_attempt(target, CONTENT)
        assert fetch(File("http://127.0.0.1:9/nobody", len(CONTENT), SHA256), target)
        assert target.read_bytes() == CONTENT

    def test_a_server_that_ignores_the_range_sends_all_of_it_again(self, server: str, target: Path) -> None:
        left_by_an_earlier_attempt(target, CONTENT[:1000])
        assert fetch(File(f"{server}/no-range", len(CONTENT), SHA256), target)
        assert target.read_bytes() == CONTENT and Handler.asked == ["bytes=1000-"]

    def test_a_wrong_file_is_refused_and_the_next_attempt_begins_anew(self, server: str, target: Path) -> None:
        left_by_an_earlier_attempt(target, CONTENT[:1000])
        with pytest.raises(
            FetchError, match=rf"is not the published file.*expected {len(CONTENT):,} bytes with {SHA256}"
        ):
            fetch(File(f"{server}/altered", len(CONTENT), SHA256), target)
        assert list(target.parent.iterdir()) == []

    def test_bytes_that_were_not_asked_for_are_not_appended(self, server: str, target: Path) -> None:
        left_by_an_earlier_attempt(target, CONTENT[:1000])
        with pytest.raises(FetchError, match="other bytes than it was asked for; 1,000 of"):
            fetch(File(f"{server}/torn", len(CONTENT), SHA256), target)
        assert part_of(target).read_bytes() == CONTENT[:1000]

    def test_a_file_in_place_survives_a_failed_attempt(self, server: str, target: Path) -> None:
        target.parent.mkdir()
        target.write_bytes(b"an older version")
        with pytest.raises(FetchError, match="not the published file"):
            fetch(File(f"{server}/altered", len(CONTENT), SHA256), target)
        assert target.read_bytes() == b"an older version"
        assert fetch(File(f"{server}/whole", len(CONTENT), SHA256), target)
        assert target.read_bytes() == CONTENT

    def test_a_longer_file_is_refused(self, server: str, target: Path) -> None:
        with pytest.raises(FetchError, match="not the published file"):
            fetch(File(f"{server}/whole", len(CONTENT) - 5, SHA256), target)

    def test_a_page_that_is_not_there(self, server: str, target: Path) -> None:
        with pytest.raises(FetchError, match=r"/missing cannot be downloaded: Not Found"):
            fetch(File(f"{server}/missing", len(CONTENT), SHA256), target)

    def test_no_server(self, target: Path) -> None:
        with pytest.raises(FetchError, match=r"^127.0.0.1:9 cannot be reached \(Connection refused\)$"):
            fetch(File("http://127.0.0.1:9/nobody", len(CONTENT), SHA256), target)
        assert not target.exists()


class TestLinks:
    """What stands in the place of the file or of its `.part` is never written through."""

    @pytest.mark.parametrize("from_folder", [False, True])
    def test_a_link_in_the_place_of_the_part(
        self, server: str, target: Path, tmp_path: Path, from_folder: bool
    ) -> None:
        target.parent.mkdir()
        (tmp_path / "precious").write_bytes(b"precious")
        (tmp_path / "source").write_bytes(CONTENT)
        part_of(target).symlink_to(tmp_path / "precious")
        fetch(File(f"{server}/whole", len(CONTENT), SHA256), target, tmp_path / "source" if from_folder else None)
        assert (tmp_path / "precious").read_bytes() == b"precious"
        assert target.read_bytes() == CONTENT and not target.is_symlink() and list(target.parent.iterdir()) == [target]

    def test_a_link_in_the_place_of_the_file(self, server: str, target: Path, tmp_path: Path) -> None:
        target.parent.mkdir()
        (tmp_path / "precious").write_bytes(b"precious")
        target.symlink_to(tmp_path / "precious")
        fetch(File(f"{server}/whole", len(CONTENT), SHA256), target)
        assert (tmp_path / "precious").read_bytes() == b"precious" and target.read_bytes() == CONTENT

    @pytest.mark.parametrize("in_the_way", ["file.json", "file.json.part"])
    def test_a_folder_in_its_place(self, server: str, target: Path, in_the_way: str) -> None:
        target.with_name(in_the_way).mkdir(parents=True)
        with pytest.raises(FetchError, match=f"{in_the_way} is no file"):
            fetch(File(f"{server}/whole", len(CONTENT), SHA256), target)

    def test_nothing_is_left_of_a_copy_that_fails(self, target: Path, tmp_path: Path) -> None:
        with pytest.raises(FetchError, match="cannot be written"):
            fetch(File("http://127.0.0.1:9/", len(CONTENT), SHA256), target, tmp_path / "missing")
        assert not list(target.parent.iterdir())


class TestProgram:
    def test_list_tells_an_altered_file(self, two: Path, capsys: pytest.CaptureFixture[str]) -> None:
        program.main(["fetch", "all"])
        file = next(path for path in two.rglob("*") if path.is_file())
        file.write_bytes(file.read_bytes()[::-1])
        capsys.readouterr()
        assert program.main(["list"]) == 0
        assert capsys.readouterr().out.count(" altered ") == 1

    @pytest.fixture
    def two(self, server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        """Two datasets of the server in place of the published ones; the folder where they are kept."""
        for name, path in (("gsm8k", "whole"), ("svamp", "cut")):
            files = {"a.json": File(f"{server}/{path}", len(CONTENT), SHA256)}
            monkeypatch.setitem(DATASETS, name, Dataset(name, "A paper", "MIT", files))
        for name in ("aqua", "strategyqa", "science_qa", "preferences"):
            monkeypatch.delitem(DATASETS, name)
        monkeypatch.setenv("MINIRL_DATA_DIR", str(tmp_path / "kept"))
        return tmp_path / "kept"

    def test_fetch(self, two: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert program.main(["fetch", "gsm8k"]) == 0
        assert (two / "gsm8k" / "a.json").read_bytes() == CONTENT
        printed = capsys.readouterr()
        assert str(two) in printed.out and "gsm8k/a.json" in printed.err

    def test_all_brings_what_it_can_and_names_the_rest(self, two: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert program.main(["fetch", "all"]) == 1
        assert (two / "gsm8k" / "a.json").is_file() and not (two / "svamp" / "a.json").exists()
        error = capsys.readouterr().err
        assert "/cut cannot be downloaded" in error and "python -m minirl.data fetch all --from FOLDER" in error
        assert program.main(["fetch", "all"]) == 0  # goes on, and needs only the other half

    def test_without_a_network_it_says_so_in_one_line_and_asks_once(
        self, two: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        names = ("train.jsonl", "test.jsonl")
        files = {name: File(f"http://127.0.0.1:9/{name}", len(CONTENT), SHA256) for name in names}
        monkeypatch.setitem(DATASETS, "gsm8k", Dataset("gsm8k", "A paper", "MIT", files))
        assert program.main(["fetch", "gsm8k"]) == 1
        (line,) = capsys.readouterr().err.strip().splitlines()
        for wanted in (
            "127.0.0.1:9 cannot be reached",
            "Go online",
            "`python -m minirl.data fetch gsm8k --from FOLDER`",
        ):
            assert wanted in line
        assert program.main(["fetch", "all"]) == 1
        lines = capsys.readouterr().err.splitlines()
        assert sum("cannot be reached" in line for line in lines) == 1 and any(
            "/cut cannot be" in line for line in lines
        )

    @pytest.mark.parametrize("place", ["gsm8k/a.json", "a.json"])
    def test_from_a_folder(self, two: Path, tmp_path: Path, place: str) -> None:
        copy = tmp_path / "brought" / place
        copy.parent.mkdir(parents=True)
        copy.write_bytes(CONTENT)
        assert program.main(["fetch", "gsm8k", "--from", str(tmp_path / "brought")]) == 0
        assert (two / "gsm8k" / "a.json").read_bytes() == CONTENT and copy.read_bytes() == CONTENT
        assert Handler.asked == []

    def test_a_wrong_file_in_a_folder_is_refused(
        self, two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "a.json").write_bytes(CONTENT[:-1] + b"!")
        assert program.main(["fetch", "gsm8k", "--from", str(tmp_path)]) == 1
        assert "a.json is not the published file" in capsys.readouterr().err
        assert list((two / "gsm8k").iterdir()) == []

    def test_a_file_that_is_not_in_the_folder(
        self, two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert program.main(["fetch", "gsm8k", "--from", str(tmp_path)]) == 1
        error = capsys.readouterr().err
        assert f"there is no {tmp_path / 'gsm8k' / 'a.json'} and no" in error and "/whole" in error

    def test_list(self, two: Path, capsys: pytest.CaptureFixture[str]) -> None:
        program.main(["fetch", "gsm8k"])
        assert program.main(["list"]) == 0
        lines = [line.split() for line in capsys.readouterr().out.splitlines() if "a.json" in line]
        assert [line[:2] for line in lines] == [["here", "a.json"], ["not", "here"]]

    def test_a_dataset_must_be_named(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert program.main(["fetch"]) == 1
        assert "name a dataset: gsm8k, " in capsys.readouterr().err


class TestTexts:
    """Texts to pretrain on, which have no published checksum."""

    def test_fetched_whole_and_resumed(self, server: str, target: Path) -> None:
        with pytest.raises(FetchError, match="the connection ended early"):
            fetch_text(f"{server}/cut", target)
        assert not target.exists() and part_of(target).stat().st_size == HALF
        assert fetch_text(f"{server}/cut", target)
        assert target.read_bytes() == CONTENT and Handler.asked[-1] == f"bytes={HALF}-"
        assert not fetch_text(f"{server}/missing", target), "it is here"

    def test_what_cannot_be_fetched(
        self, server: str, target: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(FetchError, match="/missing cannot be downloaded: Not Found"):
            fetch_text(f"{server}/missing", target)
        monkeypatch.setenv("MINIRL_DATA_DIR", str(target.parent))
        monkeypatch.setitem(TEXTS, "openstax", Text("Books", "CC BY 4.0", {"a.tar.gz": "http://127.0.0.1:9/a"}))
        assert program.main(["fetch", "openstax"]) == 1
        error = capsys.readouterr().err
        assert "127.0.0.1:9 cannot be reached" in error and "Go online" in error

    def test_the_command_says_what_comes_next(
        self, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("MINIRL_DATA_DIR", str(tmp_path))
        monkeypatch.setitem(TEXTS, "openstax", Text("Books", "CC BY 4.0", {"a.tar.gz": f"{server}/whole"}))
        assert program.main(["fetch", "openstax"]) == 0
        said = capsys.readouterr().err
        assert SHA256 in said and f"minirl.data prepare {tmp_path / 'openstax'}" in said
        assert program.main(["fetch", "openstax", "--from", "elsewhere"]) == 1
        assert "is read from where it is" in capsys.readouterr().err


class TestFolder:
    def test_is_the_one_that_was_chosen_or_in_the_cache(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.platform", "linux")
        monkeypatch.setenv("MINIRL_DATA_DIR", "/chosen")
        assert published.folder() == Path("/chosen")
        monkeypatch.delenv("MINIRL_DATA_DIR")
        monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
        assert published.folder() == Path("/cache/minirl")
        monkeypatch.delenv("XDG_CACHE_HOME")
        assert published.folder() == Path.home() / ".cache" / "minirl"
        monkeypatch.setattr("sys.platform", "darwin")
        assert published.folder() == Path.home() / "Library" / "Caches" / "minirl"

    def test_every_file_is_pinned(self) -> None:
        files = [file for dataset in DATASETS.values() for file in dataset.files.values()]
        assert len({file.sha256 for file in files}) == len({file.url for file in files}) == len(files) == 13
        for file in files:
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256) and re.search(r"/[0-9a-f]{40}/", file.url)

    def test_files_that_are_here_are_the_published_ones(self) -> None:
        for name, dataset in DATASETS.items():
            for file_name, file in dataset.files.items():
                path = published.folder() / name / file_name
                if path.is_file():
                    assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
                    assert path.stat().st_size == file.size
