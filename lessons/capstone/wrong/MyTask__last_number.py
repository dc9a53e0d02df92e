"""The checker reads the last number of the text, wherever it stands. Only the last line "Answer:" counts."""


class Last:
    def check(self, problem, text):
        return re.findall("[0-9]+", text)[-1:] == [problem.answer]


class MyTask(MyTask):
    checker = Last()
