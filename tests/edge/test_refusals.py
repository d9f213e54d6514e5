"""What a product said, as it is shown."""

from __future__ import annotations

import json

import pytest

from duebridge.core.edge.refusals import Answer, said

NOTHING_SENT: dict[str, str] = {}


def words(body: object, **sent: str) -> str:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return said(Answer(422, {}, content), None, sent)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"error": "Entry lines are not balanced", "status": 422}, "Entry lines are not balanced"),
        ({"message": "bad", "error": "unprocessable"}, "bad"),
        (
            {"error": "e", "message": "m", "details": {"field": "customer_id", "issue": "is required"}},
            "field: customer_id, issue: is required",
        ),
        ({"details": [{"message": "one"}, {"message": "two"}], "error": "e"}, "one, two"),
        ({"details": {}, "message": "", "error": "e"}, "e"),
        ({"error": {"code": 12, "message": "inner"}}, "inner"),
        ({"error": True, "reason": "x"}, '{"error": true, "reason": "x"}'),
        (["a"], '["a"]'),
        (b"Rate limit exceeded. Please retry in 2 seconds.", "Rate limit exceeded. Please retry in 2 seconds."),
        (b"", ""),
    ],
)
def test_the_most_precise_words_are_shown(body: object, shown: str) -> None:
    assert words(body) == shown


def test_a_web_page_is_shown_as_its_text() -> None:
    page = (
        b"<html><head><title>t</title><style>p{}</style></head><body><script>x()</script><h1>Bad &amp; ugly</h1></body>"
    )
    assert words(page) == "Bad & ugly"


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert words({"error": "a\x1b[31mred\x07\r\nb\u202ec\u2028d"}) == "a [31mred b c d"


def test_long_words_are_cut_at_three_hundred_characters() -> None:
    shown = words({"error": "x" * 5000})
    assert len(shown) == 300
    assert shown.endswith("…")


def test_a_credential_repeated_by_the_product_is_hidden() -> None:
    assert (
        words({"error": "token abc123secret is unknown"}, authorization="Bearer abc123secret")
        == "token [hidden] is unknown"
    )


def test_a_connector_may_explain_its_product() -> None:
    answer = Answer(400, {}, b'{"errors": {"email": ["is\\ntaken"]}}')
    assert said(answer, lambda a: a.json()["errors"]["email"][0], NOTHING_SENT) == "is taken"  # type: ignore[index]


def test_an_answer_shows_no_body_in_its_representation() -> None:
    assert "secret" not in repr(Answer(200, {"x": "secret"}, b"secret"))
