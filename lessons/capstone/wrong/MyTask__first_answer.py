"""The checker takes the first answer. A model may then write several, and take back what does not please: the last one
counts."""


class First:
    def check(self, problem, text):
        return next((line for line in text.splitlines() if line.startswith("Answer:")), "").removesuffix("<|end|>") == (
            f"Answer: {problem.answer}"
        )


class MyTask(MyTask):
    checker = First()
