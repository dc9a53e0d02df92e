"""The prompt counts towards the limit here. The limit is on what the agent does, and the agent did not write the
prompt."""


def step(state, action, rules):
    state = (*state, action)
    actions = state[rules.prompt_length :]
    finished = action == rules.end
    done = finished or len(state) >= rules.limit
    return state, 1.0 if finished and rules.is_correct(actions) else 0.0, done
