"""This pays 100 points times the probability itself. Then it pays to put everything on the likeliest cause, and honesty
does not."""


def points(beliefs, truth, spent):
    return 100 * beliefs[truth] - spent
