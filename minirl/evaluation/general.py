"""Fifty questions of general knowledge, each with four answers of which the first is right.

They ask what any language model that has read much text should know: capitals, opposites, simple science, everyday
life. Whether a model still knows them after it was taught something else is one measure of forgetting (forgetting.py).
They are easy on purpose: a question that the model could not answer before cannot be forgotten.
"""

from typing import NamedTuple


class Question(NamedTuple):
    """A question and its possible answers; the first is right."""

    text: str
    choices: tuple[str, str, str, str]


def _listed(lines: str) -> tuple[Question, ...]:
    found = []
    for line in lines.strip().splitlines():
        text, choices = line.split("? ", 1)
        first, second, third, fourth = choices.split(" / ")
        found.append(Question(f"{text}?", (first, second, third, fourth)))
    return tuple(found)


QUESTIONS = _listed("""
What is the capital of France? Paris / London / Madrid / Rome
What is the capital of Italy? Rome / Paris / Vienna / Athens
What is the capital of Japan? Tokyo / Beijing / Seoul / Bangkok
What is the capital of Germany? Berlin / Vienna / Warsaw / London
What is the capital of Spain? Madrid / Lisbon / Rome / Paris
What is the capital of Russia? Moscow / Kiev / Warsaw / Berlin
What is the capital of Egypt? Cairo / Baghdad / Athens / Nairobi
What is the capital of England? London / Dublin / Paris / Oslo
On which continent is Brazil? South America / Africa / Europe / Asia
On which continent is Kenya? Africa / Asia / Europe / South America
Which ocean lies between Europe and America? The Atlantic / The Pacific / The Indian / The Arctic
In which country is the Great Wall? China / India / Egypt / Mexico
In which country are the pyramids of Giza? Egypt / Greece / China / Peru
What language do people speak in Brazil? Portuguese / French / Dutch / Russian
What is the opposite of hot? Cold / Warm / Dry / Red
What is the opposite of big? Small / Tall / Heavy / Round
What is the opposite of up? Down / Left / Over / In
What is the opposite of day? Night / Week / Sun / Light
What is the opposite of happy? Sad / Glad / Funny / Calm
What is the opposite of fast? Slow / Quick / Loud / Hard
What is the opposite of old? Young / Large / Wise / Grey
What is the opposite of empty? Full / Open / Light / Clean
What colour is the sky on a clear day? Blue / Green / Red / Brown
What colour is grass? Green / Blue / Purple / White
What colour is a ripe banana? Yellow / Blue / Black / Pink
What colour is snow? White / Red / Green / Brown
Which animal barks? A dog / A cat / A cow / A fish
Which animal gives us milk? A cow / A snake / A wolf / A frog
Which animal has a long trunk? An elephant / A horse / A lion / A mouse
What do bees make? Honey / Milk / Silk / Bread
How many legs does a spider have? Eight / Six / Four / Two
How many days are in a week? Seven / Five / Ten / Twelve
How many months are in a year? Twelve / Ten / Seven / Thirty
How many minutes are in an hour? Sixty / Thirty / Ninety / Ten
Which month comes after March? April / May / June / January
Which day comes after Monday? Tuesday / Friday / Sunday / Thursday
Which planet do we live on? Earth / Mars / Venus / Saturn
Which star gives the Earth its light? The Sun / The Moon / Mars / The North Star
Which planet is the largest? Jupiter / Mars / Earth / Mercury
What do plants need to grow? Water and light / Plastic and glass / Salt and oil / Smoke and dust
What gas do people need to breathe? Oxygen / Helium / Methane / Neon
What is frozen water called? Ice / Steam / Rain / Sand
Which organ pumps blood through the body? The heart / The liver / The stomach / The skin
With which organ do we think? The brain / The heart / The lungs / The kidneys
What do we use to see? Our eyes / Our ears / Our hands / Our feet
Which metal is attracted by a magnet? Iron / Gold / Silver / Lead
Who wrote Romeo and Juliet? William Shakespeare / Charles Dickens / Mark Twain / Jane Austen
Who was the first president of the United States? George Washington / Abraham Lincoln / John Kennedy / Barack Obama
Who painted the Mona Lisa? Leonardo da Vinci / Vincent van Gogh / Pablo Picasso / Claude Monet
Which meal do people eat in the morning? Breakfast / Dinner / Supper / Dessert
""")
