"""Every episode that ends with the end token gets the reward. Only a right answer should: ask rules.is_correct."""


def step(state, action, rules):
    state = (*state, action)
    finished = action == rules.end
    done = finished or len(state) - rules.prompt_length >= rules.limit
    return state, 1.0 if finished else 0.0, done
