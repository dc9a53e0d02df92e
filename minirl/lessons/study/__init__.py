"""The capstone's studies: a prediction is sealed before the runs, and the page is held to the files.

    python -m minirl.lessons study              # where your study stands, and what comes next
    python -m minirl.lessons study check        # the task, the checker under attack, the plan
    python -m minirl.lessons study try          # one run with seed 0, measured on dev: a pilot
    python -m minirl.lessons study seal         # the prediction is fixed, and the seeds of the runs with it
    python -m minirl.lessons study run          # the runs, measured on test
    python -m minirl.lessons study page         # the page: the report with its numbers, held to the files
    python -m minirl.lessons study grade        # the rubric, as far as a program can judge

The seal is a hash of the plan and of the code. The seeds of the runs come from the seal. So a prediction that is
changed after the runs has other seeds, and the runs are not its own.
"""
