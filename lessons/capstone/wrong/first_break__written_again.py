"""The hash is one of the line as json.dumps writes it anew. Where the line had other spaces, it does not fit: hash the
line as it stands."""


def first_break(lines):
    before = ""
    for index, line in enumerate(lines):
        try:
            entry = json.loads(line)
        except ValueError:
            return index
        if not isinstance(entry, dict) or entry.get("before") != before:
            return index
        before = text_hash(json.dumps(entry))
    return None
