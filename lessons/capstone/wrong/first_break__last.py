"""This is the last line that does not follow. The first one is asked for: after it, nothing can be trusted."""


def first_break(lines):
    before, broken = "", None
    for index, line in enumerate(lines):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict) or entry.get("before") != before:
            broken = index
        before = text_hash(line)
    return broken
