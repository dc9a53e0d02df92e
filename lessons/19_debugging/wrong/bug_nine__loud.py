"""A run with this bug stops with an error, or its numbers are not finite. Everybody would notice: it is not silent."""


def bug_nine():
    def make(right):
        def wrong(documents):
            batch = right(documents)
            return batch._replace(targets=batch.targets[:-1])

        return wrong

    def test():
        from minirl.data import Document, pack

        batch = pack([Document(np.arange(3, dtype=np.int32), np.ones(3, np.float32))])
        assert batch.targets.tolist() == [1, 2]

    bug = Bug(
        name="loud",
        where="minirl.data.batch:pack",
        story="The last target is lost.",
        symptom="the run stops",
        signs=("SFT loss",),
        exposed_by="test",
        break_=make,
    )
    return bug, test
