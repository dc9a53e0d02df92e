"""This hands the text to eval(), which runs any program that a model writes, and knows signs that are no part of
this exercise, such as ** and /."""


def calculate(text):
    try:
        return str(eval(text))
    except Exception:
        return "error: not arithmetic"
