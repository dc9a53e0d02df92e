"""Each entry is a list. Make it a tuple, in round brackets: (state, action, reward)."""


def play(agent, environment, problem, rng):
    state, episode, done = environment.reset(problem), [], False
    while not done:
        action = agent.act(state, rng)
        next_state, reward, done = environment.step(action)
        episode.append([state, action, reward])
        state = next_state
    return episode
