"""Markdown of publishers: nothing in it becomes a script, a foreign picture or a style."""

import time

import pytest

from website.markdown import has_undescribed_picture, picture_markdown, render_markdown

KEY = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("# ######", "23"),
        ("## ## ### ##", "2232"),
        ("### # ## ######", "2234"),
        ("# ## ### #### ##### ######", "234566"),
    ],
)
def test_headings_begin_below_the_title_of_the_page_and_skip_no_level(written, shown):
    html = render_markdown("\n\n".join(f"{marks} Words" for marks in written.split()))
    assert html == "".join(f"<h{level}>Words</h{level}>\n" for level in shown)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("![x](https://evil.example/x.png)", '<p>!<a href="https://evil.example/x.png" rel="noopener">x</a></p>\n'),
        ("[x](/about/)", '<p><a href="/about/" rel="noopener">x</a></p>\n'),
        ("[x](mailto:a@b.example)", '<p><a href="mailto:a@b.example" rel="noopener">x</a></p>\n'),
    ],
)
def test_only_safe_html_comes_out(text, html):
    assert html.strip() in render_markdown(text)
    assert "<script" not in render_markdown(text)
    assert "<img" not in render_markdown(text)


def test_a_picture_of_ours_is_shown_with_its_description():
    text = picture_markdown([f"site/{KEY[:2]}/{KEY}/160.avif"], 480, 270, 'A [map] of "Quay"\n Street \\')
    html = render_markdown(text)
    folder = f"/media/site/{KEY[:2]}/{KEY}"
    assert f'src="{folder}/480.webp"' in html
    assert f'srcset="{folder}/160.webp 160w, {folder}/320.webp 320w, {folder}/480.webp 480w"' in html
    assert 'width="480" height="270" alt="A [map] of &quot;Quay&quot; Street \\" loading="lazy"' in html


@pytest.mark.parametrize(
    "text",
    [
        f"![](picture:{KEY}-480x270)",
        f"![ ](<picture:{KEY}-480x270>)",
        f"![&nbsp;](picture:{KEY}-480x270)",
        f"![x](picture:{KEY[1:]}-480x270)",
        f"![x](picture:../../{KEY}-480x270)",
        f"![x](picture:{KEY}-0x270)",
        f"![x](/media/site/{KEY[:2]}/{KEY}/480.webp)",
        '![x](https://evil.example/"onerror=alert(1).png)',
        f'<img src="/media/site/{KEY[:2]}/{KEY}/480.webp">',
    ],
)
def test_no_other_picture_is_shown(text):
    assert "<img" not in render_markdown(text)
    assert has_undescribed_picture(text) == text.startswith(("![](", "![ ]("))


def test_tables_and_lists_are_kept():
    html = render_markdown("| a |\n|---|\n| 1 |\n\n3. c\n")
    assert "<td>1</td>" in html
    assert '<ol start="3">' in html


@pytest.mark.systematic
@pytest.mark.parametrize("part", ["*a_ ", "[", "> ", "`a", "| ", "- ", "![](", "<a ", "&#", "\\"])
def test_no_text_of_a_page_takes_long(part):
    began = time.process_time()
    render_markdown((part * 50_000)[:50_000])
    assert time.process_time() - began < 5  # seconds; each takes less than one
