"""The state never changes here, so the agent is asked in the first state again and again. At the end of each round
the next state has to become the present one: state = next_state."""


def play(agent, environment, problem, rng):
    state, episode, done = environment.reset(problem), [], False
    while not done:
        action = agent.act(state, rng)
        _, reward, done = environment.step(action)
        episode.append((state, action, reward))
    return episode
