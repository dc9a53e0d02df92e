"""Your bug is real, but this measure does not show it. Take a measure that moves, or choose a bug that moves one."""


def bug_nine():
    def make(right):
        def wrong(documents):
            batch = right(documents)
            return batch._replace(weights=batch.weights / 2)

        return wrong

    def test():
        from minirl.data import Document, pack

        batch = pack([Document(np.arange(3, dtype=np.int32), np.ones(3, np.float32))])
        assert batch.weights.tolist() == [1, 1]

    bug = Bug(
        name="no sign",
        where="minirl.data.batch:pack",
        story="All weights are halved, and normalising makes up for it.",
        symptom="none",
        signs=("SFT loss",),
        exposed_by="test",
        break_=make,
    )
    return bug, test
