"""The symptom does not say what the run shows. Measure a run with the bug, and write down each sign with what `finding`
says of it."""


def bug_nine():
    def make(right):
        def wrong(documents):
            batch = right(documents)
            return batch._replace(targets=batch.ids)

        return wrong

    def test():
        from minirl.data import Document, pack

        batch = pack([Document(np.arange(3, dtype=np.int32), np.ones(3, np.float32))])
        assert batch.targets.tolist() == [1, 2]

    bug = Bug(
        name="false symptom",
        where="minirl.data.batch:pack",
        story="The targets are the ids.",
        symptom="SFT loss high",
        signs=("SFT loss",),
        exposed_by="test",
        break_=make,
    )
    return bug, test
