"""The last step is missing, and with it the only reward there is."""


def play(agent, environment, problem, rng):
    state, episode = environment.reset(problem), []
    while True:
        action = agent.act(state, rng)
        next_state, reward, done = environment.step(action)
        if done:
            return episode
        episode.append((state, action, reward))
        state = next_state
