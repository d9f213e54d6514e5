"""What does a small but real PDF look like? One page of text, the same bytes for the same text."""

from __future__ import annotations

from collections.abc import Sequence

#: The page's A4 in points, and where its text begins.
_PAGE = "[0 0 595 842]"
_START, _LEADING = "72 770", 18


def one_page(lines: Sequence[str]) -> bytes:
    """A PDF with `lines` on its page; what Latin-1 can't write is a question mark."""
    content = _content(lines)
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox %b /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
        % _PAGE.encode(),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    return _joined(objects)


def _content(lines: Sequence[str]) -> bytes:
    shown = b"".join(b"(%b) Tj T*\n" % _escaped(line) for line in lines)
    return b"BT /F1 12 Tf %d TL %b Td\n%bET" % (_LEADING, _START.encode(), shown)


def _escaped(line: str) -> bytes:
    text = "".join(character if character.isprintable() else " " for character in line).encode("latin-1", "replace")
    for special in (b"\\", b"(", b")"):
        text = text.replace(special, b"\\" + special)
    return text


def _joined(objects: Sequence[bytes]) -> bytes:
    """The file: header, objects, the table of where each begins, the trailer."""
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)
