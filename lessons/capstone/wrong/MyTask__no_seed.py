"""The jobs do not get the seed. All runs of the study would be the same run."""


def jobs(seed):
    return [replace(SMALL, task=MyTask.name)]
