"""A first line without "before" is taken for one whose "before" is "". It lacks what it should have."""


def first_break(lines):
    before = ""
    for index, line in enumerate(lines):
        try:
            entry = json.loads(line)
        except ValueError:
            return index
        if not isinstance(entry, dict) or entry.get("before", "") != before:
            return index
        before = text_hash(line)
    return None
