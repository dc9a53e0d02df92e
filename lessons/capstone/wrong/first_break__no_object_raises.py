"""A line such as 7 or [1, 2] is JSON, and has no entries to ask for. Ask with isinstance(entry, dict) first."""


def first_break(lines):
    before = ""
    for index, line in enumerate(lines):
        try:
            entry = json.loads(line)
        except ValueError:
            return index
        if entry.get("before") != before:
            return index
        before = text_hash(line)
    return None
