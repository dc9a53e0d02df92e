"""This gives whole rows: the first index of an array is the row. Name the rows first, and then the columns."""


def picked(table, columns):
    return table[columns]
