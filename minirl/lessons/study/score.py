"""How good is a prediction that is an interval? A score that nobody can improve by saying what they do not believe."""


def interval_score(low: float, high: float, sure: int, outcome: float) -> float:
    """The interval score (Gneiting and Raftery, 2007, section 6.2), in the units of the outcome; less is better.

    It is the width, high - low, and where the outcome lies outside, 2 / (1 - sure / 100) times its distance from the
    nearer end. sure: in percent. Raises ValueError for an interval that is upside down, and for `sure` outside of 1 to
    99.
    """
    if low > high:
        raise ValueError(f"interval_score: low is {low} and high is {high}; exchange them")
    if not 0 < sure < 100:
        raise ValueError(f"interval_score: nobody is {sure}% sure of an interval; give 1 to 99")
    missed_by = max(low - outcome, outcome - high, 0.0)
    return high - low + 2 / (1 - sure / 100) * missed_by


def blind_interval(least: float, most: float, sure: int) -> tuple[float, float]:
    """What somebody says who knows no more than that the outcome lies between `least` and `most`: the middle of it, as
    wide as `sure` percent of the whole."""
    spare = (1 - sure / 100) / 2 * (most - least)
    return least + spare, most - spare


def skill(low: float, high: float, sure: int, least: float, most: float, outcome: float) -> float:
    """How much better than the blind interval a prediction was: 1 - its score / the blind one's. 1 is a prophet, 0 as
    good as knowing nothing, and below 0 worse."""
    blind = interval_score(*blind_interval(least, most, sure), sure, outcome)
    return 1 - interval_score(low, high, sure, outcome) / blind
