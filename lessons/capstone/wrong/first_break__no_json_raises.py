"""A line that is no JSON ends the function with an error. It is a line that does not follow: return its index."""


def first_break(lines):
    before = ""
    for index, line in enumerate(lines):
        entry = json.loads(line)
        if not isinstance(entry, dict) or entry.get("before") != before:
            return index
        before = text_hash(line)
    return None
