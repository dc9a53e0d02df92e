"""The checker sees the prompt as well. It has to judge what the agent wrote: the state without the first
rules.prompt_length tokens."""


def step(state, action, rules):
    state = (*state, action)
    finished = action == rules.end
    done = finished or len(state) - rules.prompt_length >= rules.limit
    return state, 1.0 if finished and rules.is_correct(state) else 0.0, done
