"""What counts as a word, and as the same word."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.retrieval import Settings
from minirl.retrieval.porter import stem
from minirl.retrieval.words import STOP_WORDS, Words, split

# The examples that Porter's paper gives for its rules (Program 14(3), 1980), carried through all steps
PORTER = [
    pair.split()
    for pair in re.split(
        "  |\n",
        """\
caresses caress  ponies poni  ties ti  caress caress  cats cat  feed feed  agreed agre  disabled disabl
matting mat  mating mate  meeting meet  milling mill  messing mess  meetings meet  plastered plaster  bled bled
motoring motor  sing sing  conflated conflat  troubled troubl  sized size  hopping hop  tanned tan  falling fall
hissing hiss  fizzed fizz  failing fail  filing file  happy happi  sky sky  relational relat  conditional condit
rational ration  valenci valenc  hesitanci hesit  digitizer digit  conformabli conform  radicalli radic
differentli differ  vileli vile  analogousli analog  vietnamization vietnam  predication predic  operator oper
feudalism feudal  decisiveness decis  hopefulness hope  callousness callous  formaliti formal
sensitiviti sensit  sensibiliti sensibl  triplicate triplic  formative form  formalize formal
electriciti electr  electrical electr  hopeful hope  goodness good  revival reviv  allowance allow
inference infer  airliner airlin  gyroscopic gyroscop  adjustable adjust  defensible defens  irritant irrit
replacement replac  adjustment adjust  dependent depend  adoption adopt  homologou homolog  communism commun
activate activ  angulariti angular  homologous homolog  effective effect  bowdlerize bowdler  probate probat
rate rate  cease ceas  controll control  roll roll  generalizations gener  oscillators oscil  connect connect
connected connect  connecting connect  connection connect  connections connect""",
    )
]


@pytest.mark.parametrize(("word", "wanted"), PORTER)
def test_the_stems_of_porters_paper(word: str, wanted: str) -> None:
    assert stem(word) == wanted


@pytest.mark.parametrize("word", ["a", "is", "as", "café", "42", "x2s", "don't", "Sun", "", "звёзды"])
def test_words_that_are_not_stemmed(word: str) -> None:
    assert stem(word) == word


@given(st.text(alphabet="abcdeilnostuyz", min_size=3, max_size=12))
def test_a_stem_is_never_empty_nor_longer_than_its_word(word: str) -> None:
    assert 0 < len(stem(word)) <= len(word)  # where a rule adds an e, an ending of two letters or more went before


@pytest.mark.peers
@given(st.text(alphabet="abcdeilnostuyz", max_size=12))
def test_the_stems_are_those_of_nltk(word: str) -> None:
    porter = pytest.importorskip("nltk.stem.porter")
    assert stem(word) == porter.PorterStemmer(porter.PorterStemmer.MARTIN_EXTENSIONS).stem(word)


class TestSplit:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("The Sun, a star!", ["the", "sun", "a", "star"]),
            ("snake_case and e-mail", ["snake", "case", "and", "e", "mail"]),
            ("H2O x 15,000", ["h2o", "x", "15", "000"]),
            ("Straße STRASSE", ["strasse", "strasse"]),
            ("caf\u00e9 cafe\u0301", ["caf\u00e9", "caf\u00e9"]),
            ("ΟΔΟΣ οδός", ["οδοσ", "οδόσ"]),
            ("ﬁsh ２", ["fish", "2"]),
            ("हिन्दी", ["हिन्दी"]),
            ("日本語 です", ["日", "本", "語", "で", "す"]),
            ("", []),
            (" \n\t ¿?", []),
        ],
    )
    def test_examples(self, text: str, words: list[str]) -> None:
        assert split(text) == words

    @given(st.text())
    def test_any_text_gives_words_without_spaces(self, text: str) -> None:
        for word in split(text):
            assert word and not any(char.isspace() for char in word)

    @given(st.text(), st.text())
    def test_texts_side_by_side_have_the_words_of_both(self, first: str, second: str) -> None:
        assert split(f"{first} | {second}") == split(first) + split(second)


class TestWords:
    def test_apostrophes(self) -> None:
        words = Words("none")
        assert words("Roger's dog's' don't 'quoted' Roger’s ''") == ["roger", "dog", "don't", "quoted", "roger"]

    def test_stop_words(self) -> None:
        assert Words("porter", stop_words=True)("The planets of the Sun") == ["planet", "sun"]
        assert len(STOP_WORDS) == 33

    def test_an_unknown_stemmer(self) -> None:
        with pytest.raises(ValueError, match="there is no stemmer 'snowball'; choose one of porter, none"):
            Settings(stemmer="snowball")  # type: ignore[arg-type]
