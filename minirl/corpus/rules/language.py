"""Which language? The one whose commonest words stand in the text most.

Every sentence holds function words, such as "the", "of" and "and", and no two languages have the same ones. The share
of a text's words that are among the 30 or so commonest of a language is 30 to 50% for its own and seldom over 15% for
another. That takes no model and no package, and it says why: the words can be read below. What it cannot do is tell
apart a text of a few words, or a language that it has no list of; trained classifiers (fastText, CLD3, langid) can.
"""

from collections import Counter
from functools import lru_cache

from minirl.corpus.page import Page

LEAST = 0.12  # of the words must be among the language's own
FEWEST = 20  # words that a text needs for a verdict

LANGUAGES = {
    "en": "the of and to in a is that it was for as with on be by he his at are this from or had not but an they which "
          "you were her she all we there been have has their one if will would who what can when",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er "
          "hat dass sie nach wird bei einer um am sind noch wie einem über so zum war haben nur oder aber vor zur bis",
    "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont la avec ou "
          "son aux d'une cette mais ses comme nous vous elle on être fait été leur même ces",
    "es": "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin "
          "sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde",
    "it": "di e il la che in a per è un una del non con i le si da dei della al sono nel come gli alla anche più lo ma "
          "delle ha dal questo ai se ed o suo dalla nella loro essere stato era",
    "pt": "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu "
          "sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era",
    "nl": "de het een van en in is dat op te zijn met voor die niet aan er om ook als dan maar bij uit door naar hij "
          "of wordt werd tot over nog worden heeft deze dit ze was hebben meer geen kan",
    "sv": "och i att det som en på är av för med till den har de inte om ett han men var jag sig från vi så kan man "
          "när år under också efter eller nu sin där vid mot ska skulle kommer ut får finns",
    "pl": "w i na z do się nie jest to że o za od po jak przez a są dla ale tym co tak oraz był jego ich może być przy "
          "który która które tylko już lub także jej ze było",
    "tr": "ve bir bu da de için ile olarak olan daha çok gibi kadar en sonra ne ki ya her o ise değil var mi "
          "tarafından olduğu ancak iki göre ama yok sadece",
    "ru": "и в не на я что он с как это по но они мы она так же его из у от за к вы все о был для до быть если когда "
          "или есть было бы при только уже их со",
    "la": "et in est non ad ut cum quod qui quae sed si ex de per ab esse enim atque sunt etiam autem nec ac quam hoc "
          "eius aut neque id quo",
}  # fmt: skip
WORDS = {language: frozenset(words.split()) for language, words in LANGUAGES.items()}
EVERY = frozenset().union(*WORDS.values())


def shares(page: Page) -> dict[str, float]:
    """For each language, the share of the text's words that are among its commonest."""
    counted = Counter(page.folded.split())
    known = {word: counted[word] for word in EVERY & counted.keys()}
    total = max(sum(counted.values()), 1)
    return {
        language: sum(count for word, count in known.items() if word in words) / total
        for language, words in WORDS.items()
    }


@lru_cache(maxsize=1)
def rule_for(language: str) -> "Language":
    """The rule that keeps one language. Raises ValueError for a language without a list of words."""
    if language not in WORDS:
        raise ValueError(
            f"there is no list of words for the language {language!r}; there are {', '.join(WORDS)}, or all"
        )
    return Language(language)


class Language:
    """Keeps texts of one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, page: Page) -> str | None:
        if len(page.words) < FEWEST:
            return None
        found = shares(page)
        best = max(found, key=lambda language: (found[language], language == self.language))
        if best != self.language and found[best] >= LEAST:
            return f"looks like {best}: {found[best]:.0%} of the words are among its commonest"
        if found[self.language] < LEAST:
            return f"{found[self.language]:.0%} of the words are among the commonest of {self.language}; expected "
        return None
