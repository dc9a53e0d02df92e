"""An episode that was cut off gets a reward here. Its answer may be unfinished: "Answer: 1" can be the beginning
of 18."""


def step(state, action, rules):
    state = (*state, action)
    actions = state[rules.prompt_length :]
    done = action == rules.end or len(actions) >= rules.limit
    return state, 1.0 if done and rules.is_correct(actions) else 0.0, done
