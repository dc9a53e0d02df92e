"""Your test fails in healthy code too. Either the answer that it expects is not the right one, or the test fails
whatever the code does. Print what the right function returns for your input."""


def bug_nine():
    def make(right):
        def wrong(documents):
            batch = right(documents)
            return batch._replace(targets=batch.ids)

        return wrong

    def test():
        from minirl.data import Document, pack

        batch = pack([Document(np.arange(3, dtype=np.int32), np.ones(3, np.float32))])
        assert batch.targets.tolist() == [0, 1]

    bug = Bug(
        name="false alarm",
        where="minirl.data.batch:pack",
        story="The targets are the ids.",
        symptom="the loss goes to 0",
        signs=("SFT loss",),
        exposed_by="test",
        break_=make,
    )
    return bug, test
