"""The checker is not asked. rules.is_correct is a function, and a function counts as true: call it with the actions,
rules.is_correct(actions)."""


def step(state, action, rules):
    state = (*state, action)
    finished = action == rules.end
    done = finished or len(state) - rules.prompt_length >= rules.limit
    return state, 1.0 if rules.is_correct else 0.0, done
