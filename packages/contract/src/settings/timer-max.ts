// Configurations may ask for any time.

/** Milliseconds: the longest, some 25 days, that a timer can be set to. One that is set to more fires at once. */
export const timerMsMax = 2 ** 31 - 1
