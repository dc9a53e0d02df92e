"""Your test passes with the bug and without it, so it does not test what the bug breaks. Choose an input for which the
right and the wrong function differ: an answer that you know."""


def bug_nine():
    def make(right):
        def wrong(documents):
            batch = right(documents)
            return batch._replace(weights=batch.weights * 0 + 1)

        return wrong

    def test():
        from minirl.data import Document, pack

        batch = pack([Document(np.arange(3, dtype=np.int32), np.ones(3, np.float32))])
        assert batch.weights.tolist() == [1, 1]

    bug = Bug(
        name="test sees nothing",
        where="minirl.data.batch:pack",
        story="All weights are 1.",
        symptom="the loss is higher",
        signs=("SFT loss", "trained on"),
        exposed_by="test",
        break_=make,
    )
    return bug, test
