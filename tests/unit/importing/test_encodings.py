# ruff: noqa: RUF001  (letters of other alphabets are what is tested)
"""Texts of any encoding are read with their letters, or refused; a notice names a guess."""

import codecs
from pathlib import Path

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.tables import encodings
from agent.importing.tables.table import read_table

TEXTS = (
    ("cp1252 cp850 mac-roman", "id;Größe\n1;Prüfung der Übergabe an Müller\n"),
    ("cp1252", "id;Résumé\n1;L’écran d’accueil à vérifier – Noël\n"),
    ("cp1252", "Clave;Resolución\n1;Añadir página «¿Qué?»\n"),
    ("cp1252", "id;Descrição\n1;Ação não concluída\n"),
    ("cp1252", "id;namn\n1;Åsa Öberg på mötet\n"),
    ("cp1252", "id;navn\n1;Søren ændrer på Århus\n"),
    ("cp1252", "id;title\n1;A \u2013 B, 5 °C \u201cx\u201d\n"),
    ("cp1250 iso8859-2 cp852", "id;Zgłoszenie\n1;Zażółć gęślą jaźń\n2;Łukasz Wójcik\n"),
    ("cp1250 iso8859-2", "id;název\n1;Příliš žluťoučký kůň\n2;Jiří Dvořák\n"),
    ("cp1250", "id;név\n1;Árvíztűrő tükörfúrógép\n"),
    ("cp1250", "id;x\n1;Şi ţară îngheţată până\n"),
    ("cp1250", "id;x\n1;Đorđe Čačić štedi\n"),
    ("cp1251 koi8-u cp866 iso8859-5", "Ключ;Июль\n1;Исправить ошибку входа\n2;Иванов, СМС\n"),
    ("cp1251", "Ключ;Июль\n1;Виправити її помилку\n"),
    ("cp1253", "id;x\n1;Διόρθωση σφάλματος\n"),
    ("cp1254", "id;x\n1;Görüşme için çalışma yapıldı\n2;İstanbul Iğdır\n"),
    ("cp1255", "id;x\n1;תיקון באג במסך\n"),
    ("cp1256", "id;x\n1;إصلاح الخطأ في الصفحة\n"),
    ("cp1257", "id;x\n1;Žąsų ėjimas į mišką\n"),
    ("cp932 euc_jp", "キー;要約\n1;ログイン画面の不具合を修正する\n"),
    ("gb18030", "编号;标题\n1;修复登录页面的错误并更新说明文档\n"),
    ("cp949", "키;요약\n1;로그인 화면 오류 수정\n"),
)


@pytest.mark.parametrize(
    ("codec", "text"), [(codec, text) for codecs, text in TEXTS for codec in codecs.split()]
)
def test_text_that_is_not_utf_8_keeps_its_letters(tmp_path: Path, codec: str, text: str) -> None:
    path = tmp_path / "tasks.csv"
    path.write_bytes(text.encode(codec))
    table = read_table(path)
    header, *rows = (tuple(line.split(";")) for line in text.splitlines())
    assert table.header == header
    assert [tuple(record.cells) for record in table.records()] == rows
    assert table.kind.startswith("semicolon-separated, ")
    assert table.kind.endswith(" (guessed)")
    assert "is not UTF-8. It is read as" in table.notices[0].text


def test_guess_with_a_rival_is_a_warning_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    path.write_bytes("id,name\n1,Camões\n".encode("cp1252"))
    (notice,) = read_table(path).notices
    assert notice.weight == "warning"
    assert (
        "fit Portuguese, such as 'Camões'. Other letters fit nearly as well: Windows-1250"
        in notice.text
    )
    assert "--encoding" in notice.text


def test_named_encoding_is_no_guess(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    path.write_bytes("id,name\n1,Jřrgen\n".encode("cp852"))
    table = read_table(path, encoding="CP852")
    assert [record.cells for record in table.records()] == [["1", "Jřrgen"]]
    assert (table.kind, table.notices) == ("comma-separated, CP852", ())


@pytest.mark.parametrize("codec", ["no-such", "zip", "hex"])
def test_unknown_encoding_is_refused(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "tasks.csv"
    path.write_text("id,name\n1,a\n")
    with pytest.raises(CsvRefused, match=f"--encoding {codec} is not known; name one such as"):
        read_table(path, encoding=codec)


def test_named_encoding_that_the_text_is_not_of_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    path.write_bytes(b"id,name\n1,\xe9\n")
    with pytest.raises(CsvRefused, match=r"is not UTF-8 \(byte 0xe9\) at offset 10, line 2"):
        read_table(path, encoding="utf-8")


def test_utf_8_with_a_foreign_row_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    # In Windows-1252 the first two bytes are letters, too.
    path.write_bytes("id,name\n1,à\n2,b\n".encode() + "3,Café\n".encode("cp1252"))
    with pytest.raises(CsvRefused, match=r"at offset .*, line 4"):
        read_table(path)


def test_bytes_that_fit_no_language_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    path.write_bytes(b"id,name\n1,\x81a\x81b\xfeQ\xd7q\xf7\x8d\n")
    with pytest.raises(CsvRefused, match=r"is not UTF-8 .* name its encoding with --encoding"):
        read_table(path)


MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
# Half of a character of two parts, and numbers beyond all characters.
NO_CHARACTERS = {
    "utf-8": b"\xff",
    "utf-16-le": b"\x00\xd8\x20\x00",
    "utf-16-be": b"\xd8\x00\x00\x20",
    "utf-32-le": b"\x00\x00\x11\x00",
    "utf-32-be": b"\x00\x11\x00\x00",
}


@pytest.mark.parametrize("codec", MARKS)
def test_mark_tells_the_encoding(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "tasks.csv"
    path.write_bytes(MARKS[codec] + "id,name\n1,é\n".encode(codec))
    table = read_table(path)
    assert [*table.header, *(cell for record in table.records() for cell in record.cells)] == [
        *("id", "name"),
        *("1", "é"),
    ]
    name = codec.upper().removesuffix("-LE").removesuffix("-BE")
    assert (table.kind, table.notices) == (f"comma-separated, {name}", ())


@pytest.mark.parametrize("lines", [1, 150_000])
@pytest.mark.parametrize("codec", MARKS)
def test_fault_of_a_marked_text_has_its_offset_in_the_file(
    tmp_path: Path, codec: str, lines: int
) -> None:
    path = tmp_path / "tasks.csv"
    start = MARKS[codec] + ("id,name\n" + "1,é\n" * lines).encode(codec)
    for fault in ("\0".encode(codec), NO_CHARACTERS[codec]):
        path.write_bytes(start + fault + "1,b\n".encode(codec))
        with pytest.raises(CsvRefused, match=f"line {lines + 2}") as caught:
            read_table(path)
        assert caught.value.fields["offset"] == len(start)


def test_nul_is_named_as_what_it_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    path.write_bytes(b"\0,id\n1,b\n")
    with pytest.raises(CsvRefused, match="holds a NUL byte at offset 0, line 1"):
        read_table(path)
    path.write_bytes("id,name\r1\0,b\r".encode("utf-16"))
    with pytest.raises(CsvRefused, match="holds a NUL character at offset 20, line 2"):
        read_table(path)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_wide_characters_without_a_mark_are_told_from_damage(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "tasks.csv"
    # As short as a header can be.
    path.write_bytes("a,b\n".encode(codec))
    assert read_table(path).kind == "comma-separated, UTF-16"
    path.write_bytes("a,b\n1,2\n\0\0\0\0".encode(codec))
    with pytest.raises(CsvRefused, match="binary file"):
        read_table(path)
    path.write_bytes(b"id,name\n" + b"1,b\n" * 20 + b"\0a" * 4)
    with pytest.raises(CsvRefused, match="holds a NUL byte"):
        read_table(path)


def test_mark_of_a_named_encoding_is_no_letter(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    path.write_bytes(codecs.BOM_UTF8 + b"id,name\n1,a\n")
    assert read_table(path, encoding="UTF8").header == ("id", "name")


def test_named_encoding_without_its_mark_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    path.write_bytes(codecs.BOM_UTF8 + b"id,name\n1,\xe9\n")
    with pytest.raises(CsvRefused, match="is not UTF-8"):
        read_table(path)


@pytest.mark.parametrize("line_break", ["\n", "\r"])
def test_line_is_measured_across_the_pieces_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line_break: str
) -> None:
    monkeypatch.setattr(encodings, "MAX_LINE_BYTES", 1 << 21)
    path = tmp_path / "tasks.csv"
    header = f"id,name{line_break}"
    # Three pieces of 1 MB, whose lines all end in time, and then one line that does not.
    row = f"1,{'x' * 700_000}{line_break}"
    path.write_text(header + row * 5, newline="")
    assert read_table(path).header == ("id", "name")
    path.write_text(header + row + "2," + "x" * (1 << 22), newline="")
    with pytest.raises(CsvRefused, match="line 3 is longer than 2 MB"):
        read_table(path)
