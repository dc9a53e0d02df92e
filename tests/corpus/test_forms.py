"""Markup to text: what an article, a page or a module says, and nothing of how it was laid out."""

import pytest

from minirl.corpus.forms import FORMS, templates, wikitext
from minirl.corpus.raw import ReadError


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("convert|5|km|mi", "5 km"),
        ("convert|52419|sqmi|km2", "52,419 square miles"),
        ("convert|5|to|10|km|mi|0", "5 to 10 km"),
        ("convert|6|ft|2|in|m", "6 feet 2 inches"),
        ("convert|22|e6acre", "22 million acres"),
        ("convert|1000|ft|adj=on", "1,000-foot"),
        ("cvt|100|C", "100 °C"),
        ("formatnum:1234567", "1,234,567"),
        ("formatnum:{{x}}", "{{x}}"),
        ("val|1.5|0.2|e=6|u=m", "1.5 ± 0.2 × 10^6 m"),
        ("frac|3|1|2", "3 1/2"),
        ("frac|2", "1/2"),
        ("nowrap|1=7 = 7", "7 = 7"),
        ("lang|fr|bonjour", "bonjour"),
        ("lang-el|αρχή", "αρχή"),
        ("height|ft=6|in=2", "6 ft 2 in"),
        ("circa|1900", "c. 1900"),
        ("ordinal|12", "12th"),
        ("10^|6", "10^6"),
        ("snd", " – "),
        ("cite web|url=x|title=y", ""),
        ("convert|unknown|km", ""),
    ],
)
def test_templates_that_hold_words_of_a_sentence(template, text):
    assert templates.expand(template) == text


ARTICLE = """Lake
{{Infobox lake|name=Lake|area={{convert|5|km2}}}}
{| class="wikitable"
|-
| a cell || {{convert|1|m}}
|}
The '''lake''' has an area of {{convert|5|km2|sqmi}} ({{IPA|x}}) and [[Fish|many fish]].<ref name="a">A [[note]].</ref>
It lies {{convert|{{formatnum:1200}}|m}} high. It has a depth of {{lost|7}}, and a name. [[File:A.jpg|A [[boat]].]]

== History ==
* In <math>x^{2} = {a}</math> years&nbsp;[http://x.org as they say].
=== Empty ===
== See also ==
* [[Pond]]
=== More ===
* [[Puddle]]
== Names ==
It is named after [[Tom]].
[[Category:Lakes]]
"""


def test_an_article():
    assert FORMS["wikitext"](ARTICLE) == (
        "Lake\n\nThe lake has an area of 5 km² and many fish.\nIt lies 1,200 m high.\n\n"
        "History\n\n- In $x^{2} = {a}$ years as they say.\n\nNames\n\nIt is named after Tom."
    )


def test_braces_that_do_not_close_cost_a_line_and_not_the_article():
    text = wikitext.to_text("T\nOne {{broken|\ntwo\n}} three.\nA whole line. {{ never closed\nThe end.")
    assert text == "T\n\nOne three.\nThe end."


def test_html():
    page = (
        "<html><head><title>t</title><style>p{}</style></head><body><nav>Home <b>Menu</b></nav>"
        "<h1>Sound</h1><p>Sound is\n a <b>wave</b> &amp; <i>travels</i>.</p><ul><li>air<li>water</ul>"
        "<script>if (a<b) {}</script><pre>x\n  y</pre></body></html>"
    )
    assert FORMS["html"](page) == "Sound\n\nSound is a wave & travels.\n\n- air\n- water\n\nx\n  y".replace(
        "\n  y", "\ny"
    )


CNXML = """<document xmlns="http://cnx.rice.edu/cnxml"><title>Waves</title><metadata>m</metadata><content>
<para>A wave has a <term>speed</term> of
<m:math xmlns:m="http://www.w3.org/1998/Math/MathML"><m:mrow><m:mi>v</m:mi><m:mo>=</m:mo><m:mfrac><m:mi>d</m:mi>
<m:mi>t</m:mi></m:mfrac></m:mrow></m:math>.<footnote>gone</footnote></para>
<section><title>Kinds</title><list><item>long</item><item>short</item></list><figure><caption>gone</caption></figure>
<exercise><problem><para>gone?</para></problem></exercise></section></content>
<glossary><definition><term>wave</term><meaning>a motion</meaning></definition></glossary></document>"""


def test_cnxml():
    text = FORMS["cnxml"](CNXML)
    assert "gone" not in text
    assert text.split("\n\n")[0] == "# Waves"
    assert "A wave has a speed of v = d/t." in text
    assert "## Kinds\n\n- long\n- short" in text
    assert text.endswith("## Glossary\n\nwave: a motion")


def test_xml_that_is_none_is_refused():
    with pytest.raises(ReadError, match="CNXML is damaged: "):
        FORMS["cnxml"]("<document><open></document>")
    with pytest.raises(ReadError, match="the root is <html>"):
        FORMS["cnxml"]("<html/>")
