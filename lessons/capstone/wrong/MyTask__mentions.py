"""The checker pays for every text in which the answer occurs. A model that lists all numbers gets the full reward."""


class Anywhere:
    def check(self, problem, text):
        return problem.answer in text.partition("Answer:")[2]


class MyTask(MyTask):
    checker = Anywhere()
